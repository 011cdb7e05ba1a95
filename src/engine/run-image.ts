/** `tinyctr run IMAGE`: an image and flags become a container's config, and its config a plan. */
import type { ImageSnapshot } from '../image/snapshot.ts'
import { readHost, readKernelRelease } from '../linux/host.ts'
import { spoilPremises } from '../linux/premises.ts'
import type { Config } from '../oci/runtime-spec.ts'
import { cgroupFolder } from '../plan/cgroup.ts'
import { ownCommand } from '../runtime/own-command.ts'
import { type PreparedId, preparedId } from '../runtime/prepared-start.ts'
import { cachedFilter } from '../runtime/seccomp-cache.ts'
import { containerConfig } from './config/container-config.ts'
import { etcFiles, hostsText } from './config/container-etc.ts'
import { foldersAt, missingSources } from './config/missing-sources.ts'
import { resolveSeccomp } from './config/seccomp-resolver.ts'
import { resolveUser } from './config/user.ts'
import { type Attachment, DETACHED, monitorOptions, pipesOf } from './container/attachment.ts'
import { healthCheck } from './container/health-options.ts'
import { withProcesses } from './container/joined-processes.ts'
import { namePath, namesFolder, namesOf, requireFreeName } from './container/names.ts'
import { type ContainerFolders, containerFolder, containersFolder, recordFiles } from './container/record.ts'
import type { ContainerPlanInput } from './container-plan.ts'
import type { ContainerPaths, HostFacts } from './host-facts.ts'
import { findImage, type ImageSource } from './image/find-image.ts'
import { readImageText } from './image/image-file.ts'
import type { Launch } from './launch.ts'
import { joinedNetwork, withNetwork } from './network/joined-network.ts'
import {
  networkInput,
  networkLaunch,
  prepareNetwork,
  setNetworkParameters,
} from './network/network-preparation.ts'
import { readHostFacts } from './read-host-facts.ts'
import type { RunOptions } from './run-options.ts'
import { readWindowSize } from './window-size.ts'

export type Folders = ContainerFolders

/** How its caller stays with the container. */
export interface Manner {
  readonly attachment: Attachment | typeof DETACHED
  /** It has the caller's own streams, and nothing is kept of what it writes. */
  readonly direct: boolean
  /** What a detached start prints: its id unless something else is given. */
  readonly announce?: string
}

export async function prepareImage(
  options: RunOptions,
  folders: Folders,
  source: Omit<ImageSource, 'dataRoot'>,
  manner: Manner,
): Promise<Launch> {
  if (options.name !== undefined) requireFreeName(folders.dataRoot, options.name)
  const image = await findImage(options, { ...source, dataRoot: folders.dataRoot })
  return prepareContainer({ id: preparedId(undefined), image, options, isNew: true }, folders, manner)
}

export interface ContainerRequest {
  readonly id: PreparedId
  readonly image: ImageSnapshot
  readonly options: RunOptions
  /** False where it was made before, and is only started. */
  readonly isNew: boolean
}

export async function prepareContainer(
  asked: ContainerRequest,
  folders: Folders,
  manner: Manner,
): Promise<Launch> {
  const volumes = await claimVolumes(asked, folders.dataRoot)
  const request = volumes ? { ...asked, options: { ...asked.options, mounts: volumes.mounts } } : asked
  const { image } = request
  const joined = await joinedNetwork(request.options.network, request.id.prepared, folders)
  const options = joined?.of ? { ...request.options, hostname: joined.of.hostname } : request.options
  const id = request.id.prepared
  const attached = manner.attachment === DETACHED ? undefined : manner.attachment
  const facts = await withProcesses(withNetwork(readHostFacts(options), joined), options.pid, folders)
  const folder = containerFolder(folders.dataRoot, id)
  const stateFolder = `${folders.root}/${id}`
  const exposed = Object.keys(image.config.ExposedPorts ?? {})
  const network = await prepareNetwork(
    request.isNew || !isNetworked(options) ? options : named(options, id, folders),
    exposed,
    id,
    folders,
  )
  const paths: ContainerPaths = {
    rootfs: `${stateFolder}/rootfs`,
    hosts: joined?.of?.hosts ?? network?.state.hosts ?? `${stateFolder}/hosts`,
    hostname: `${joined?.of?.stateFolder ?? stateFolder}/hostname`,
    resolvConf: `${joined?.of?.stateFolder ?? stateFolder}/resolv.conf`,
    cgroup: `${options.cgroupParent ?? '/tinyctr'}/${id}`,
  }
  const user = resolveUser(
    readImageText(image.layerDirectories, 'etc/passwd'),
    readImageText(image.layerDirectories, 'etc/group'),
    options.user ?? image.config.User ?? '',
    { groupAdd: options.groupAdd, at: options.user === undefined ? '/config/User' : '--user' },
  )
  const config = containerConfig({
    id,
    image: image.config,
    options,
    user,
    host: facts,
    paths,
    ...(attached ? consoleSize(options) : {}),
    resolveSeccomp: resolveSeccomp(readKernelRelease()),
  })
  setNetworkParameters(config, network)
  if (!options.lab.cgroup) delete config.linux?.cgroupsPath
  const missing = missingSources(options)
  const host = readHost(config, '/')
  const seccomp = config.linux?.seccomp
  const cgroup = cgroupFolder(config, host)
  return {
    id: request.id,
    folders: [
      folders.root,
      containersFolder(folders.dataRoot),
      ...(options.name === undefined ? [] : [namesFolder(folders.dataRoot)]),
    ],
    input: {
      config,
      // The files of /etc are written by the plan itself.
      host: {
        ...host,
        sources: {
          ...host.sources,
          ...foldersAt(missing),
          ...foldersAt(volumes?.folders ?? []),
          [paths.hosts]: 'file',
          [paths.hostname]: 'file',
          [paths.resolvConf]: 'file',
        },
      },
      bundle: '/',
      stateFolder,
      // A container that is kept keeps its volumes.
      journal: `${[cgroup ?? '', folder, isKept(options) ? 'keep' : '', ...(volumes?.own ?? [])].join('\n')}\n`,
      files: etcFiles(id, options, facts, network),
      ...networkInput(network),
      layer: {
        folder,
        lower: image.layerDirectories,
        userxattr: image.overlayXattrs === 'user' || hasUserNamespace(config),
      },
      ...(facts.rootless && isRanged(facts) ? { removeMapped: ownCommand('remove-mapped') } : {}),
      ...(volumes?.own.length ? { volumes: volumes.own } : {}),
      ...(options.init ? { init: true } : {}),
      ...(options.interactive ? {} : { stdin: 'null' as const }),
      ...recorded(request, folders.dataRoot),
      ...monitored(request, folders, manner, cgroup),
    },
    ...(seccomp ? { seccompFilter: () => cachedFilter(folders.root, seccomp, host.architecture) } : {}),
    missingSources: missing,
    ...networkLaunch(network, folders, hostsText(id, options, facts, network)),
    ...(volumes ? { missingVolumes: { dataRoot: folders.dataRoot, volumes: volumes.missing } } : {}),
    terminal: options.terminal,
    interactive: options.interactive && options.terminal && attached?.stdin === true,
    lab: options.lab,
  }
}

/** Its name is told on its networks. */
const isNetworked = ({ network }: RunOptions): boolean => network !== 'none' && network !== 'host'

/** A container that is only started has its name already. */
const named = (options: RunOptions, id: string, { dataRoot }: Folders): RunOptions => ({
  ...options,
  name: namesOf(dataRoot, [id]).get(id),
})

/** Whoever walks through the plan by hand keeps nothing. */
const isKept = ({ removeAfterwards, lab }: RunOptions): boolean => !removeAfterwards && lab.executor !== 'ffi'

function recorded(
  { id: { prepared: id }, image, options, isNew }: ContainerRequest,
  dataRoot: string,
): Pick<ContainerPlanInput, 'record'> {
  if (options.lab.executor === 'ffi') return {}
  const name = options.name === undefined ? {} : { name: { path: namePath(dataRoot, options.name), id } }
  const files = isNew ? recordFiles({ version: 1, id, image, options }) : {}
  return { record: { files, ...name, keep: isKept(options) } }
}

/** What the monitor needs. */
function monitored(
  { id: { prepared: id }, image, options }: ContainerRequest,
  { root, dataRoot }: Folders,
  { direct, attachment, announce }: Manner,
  cgroup: string | undefined,
): Pick<ContainerPlanInput, 'monitor' | 'pipes'> {
  if (options.lab.executor === 'ffi') return {}
  const health = healthCheck(image.config, options.health)
  const ownStreams = direct && !health && options.log.driver !== 'journald'
  return {
    monitor: monitorOptions({
      direct: ownStreams,
      id,
      image,
      dataRoot,
      stateFolder: `${root}/${id}`,
      options,
      attachment,
      announce: announce ?? id,
      cgroup,
      health,
      healthCommand: [...ownCommand('check-health'), root, dataRoot, id],
    }),
    ...(ownStreams ? {} : { pipes: pipesOf(options) }),
  }
}

async function claimVolumes({ image, options, isNew }: ContainerRequest, dataRoot: string) {
  const has =
    (isNew && options.volumesFrom.length > 0) ||
    options.mounts.some(({ type }) => type === 'volume') ||
    (image.config.Volumes !== undefined && image.config.Volumes !== null)
  if (!has) return undefined
  // New ones have names of their own each time.
  spoilPremises()
  const { containerVolumes } = await import('./volume/container-volumes.ts')
  return containerVolumes(isNew ? options : { ...options, volumesFrom: [] }, image, dataRoot)
}

/** More ids than the caller's own are mapped. */
const isRanged = ({ idMappings }: HostFacts): boolean => (idMappings?.uid.length ?? 0) > 1

const hasUserNamespace = (config: Config): boolean =>
  config.linux?.namespaces?.some(({ type }) => type === 'user') ?? false

function consoleSize(options: RunOptions): { consoleSize?: { height: number; width: number } } {
  if (!options.terminal) return {}
  const size = readWindowSize()
  return size ? { consoleSize: size } : {}
}
