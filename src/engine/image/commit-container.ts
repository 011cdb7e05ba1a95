/** `commit`: what a container changed becomes a layer, and what it was asked to run the config of a new image. */
import { applyChange, type DockerConfig } from '../../image/image-change.ts'
import { isWhiteout, type TreeEntry } from '../../image/layer/read-tree.ts'
import { tarOfUpper } from '../../image/layer/write-layer.ts'
import { addImage } from '../../image/new-image.ts'
import { addLayer } from '../../image/new-layer.ts'
import type { ImageStore } from '../../image/store.ts'
import { idsInside, upperFolder, whileOpen } from '../container/files.ts'
import { type Container, findContainer } from '../container/list.ts'
import type { ContainerRecord } from '../container/record.ts'

export interface CommitOptions {
  readonly author: string
  readonly message: string
  /** Lines of a Dockerfile. */
  readonly changes: readonly string[]
  /** A full reference; absent: the image has no name. */
  readonly reference?: string
  /** Runs the work while the container's processes stand still. */
  readonly whilePaused: <T>(container: Container, work: () => Promise<T>) => Promise<T>
}

/** @returns the new image's id. @throws StateError when there is no such container */
export async function commitContainer(
  store: ImageStore,
  word: string,
  options: CommitOptions,
): Promise<string> {
  const container = findContainer(store.root, word)
  const { record } = container
  const config = options.changes.reduce(applyChange, committedConfig(record))
  const base = await store.readManifest(record.image.manifest)
  const layer = await options.whilePaused(container, () => writeLayer(store, container))
  const { manifest, id } = await addImage(store, {
    base,
    layer,
    config,
    platform: record.image.platform,
    author: options.author,
    history: {
      created: new Date().toISOString(),
      created_by: [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])].join(' '),
      ...(options.author !== '' && { author: options.author }),
      ...(options.message !== '' && { comment: options.message }),
    },
  })
  await store.content.tag(options.reference ?? manifest.digest, manifest)
  return id
}

function writeLayer(store: ImageStore, container: Container) {
  const targets = mountTargets(container.record)
  const isLeftOut = (entry: TreeEntry): boolean => targets.has(`/${entry.path}`) && isEmpty(entry)
  const folder = upperFolder(store.root, container)
  return whileOpen([folder], ([upper]) => addLayer(store, tarOfUpper(upper!, { ...idsInside(), isLeftOut })))
}

/** What the runtime makes for its mounts to stand on where the image lacks it: no change of the container's. */
const mountTargets = ({ options }: ContainerRecord): ReadonlySet<string> =>
  new Set([
    ...['/dev', '/proc', '/sys', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf'],
    ...options.mounts.map(({ destination }) => destination),
  ])

const isEmpty = (entry: TreeEntry): boolean =>
  !isWhiteout(entry) &&
  (entry.member.kind === 'directory' || (entry.member.kind === 'file' && entry.member.size === 0))

/** The image's config with the user's words on top, as docker keeps a container's config. */
function committedConfig({ image, options }: ContainerRecord): DockerConfig {
  const { config } = image
  const ownEntrypoint = options.entrypoint === undefined ? undefined : wordsOf(options.entrypoint)
  const command = options.command.length > 0 || ownEntrypoint !== undefined ? options.command : config.Cmd
  const environment = new Map(
    [...(config.Env ?? []), ...options.environment].map((one) => [one.split('=', 1)[0]!, one]),
  )
  const labels = { ...config.Labels, ...options.labels }
  const committed: DockerConfig = {
    ...config,
    Env: [...environment.values()].filter((one) => one.includes('=')),
  }
  if (ownEntrypoint !== undefined) committed.Entrypoint = ownEntrypoint
  if (command) committed.Cmd = command
  if (options.user !== undefined) committed.User = options.user
  if (options.workdir !== undefined) committed.WorkingDir = options.workdir
  if (options.stopSignal !== undefined) committed.StopSignal = options.stopSignal
  if (Object.keys(labels).length > 0) committed.Labels = labels
  return committed
}

const wordsOf = (entrypoint: string): string[] => (entrypoint === '' ? [] : [entrypoint])
