/** An image as `docker image inspect` prints it (moby api/types/image.InspectResponse), in values of Go templates. */
import { createdAt } from '../../engine/image/list-images.ts'
import { type ListedImage, namesOf } from '../../image/store/catalog.ts'
import { lastTagged } from '../../image/store/names.ts'
import type { ImageStore } from '../../image/store.ts'
import { Nil } from '../format/go-value.ts'
import { rfc3339Nano } from '../format/units.ts'
import { columnsOf, familiar } from './stored-name.ts'

/** The image that was typed. @throws StateError when there is none */
export async function imageJson(store: ImageStore, typed: string): Promise<object> {
  const { image, entry } = await store.find(typed)
  const stored = await store.read(entry ?? image.entries[0]!)
  const { document } = stored
  const names = namesOf(image)
  const directories = [...stored.chain].reverse().map((chainId) => store.layers.path(chainId))
  return {
    Id: image.id,
    RepoTags: tagsOf(image),
    RepoDigests: digestsOf(image),
    Parent: '',
    Comment: document.history?.at(-1)?.comment ?? '',
    Created: createdAt(image) === undefined ? rfc3339Nano(0n) : image.created,
    DockerVersion: '',
    Author: document.author ?? '',
    Config: configJson((document.config ?? {}) as Record<string, unknown>),
    Architecture: document.architecture,
    ...(document.variant !== undefined && { Variant: document.variant }),
    Os: document.os,
    ...(document['os.version'] !== undefined && { OsVersion: document['os.version'] }),
    Size: image.bytes,
    VirtualSize: image.bytes,
    GraphDriver: {
      Data: new Map([
        ...(directories.length > 1 ? [['LowerDir', directories.slice(1).join(':')] as const] : []),
        ...(directories.length > 0 ? [['UpperDir', directories[0]!] as const] : []),
      ]),
      Name: 'overlay2',
    },
    RootFS: { Type: 'layers', Layers: document.rootfs.diff_ids },
    Metadata: { LastTagTime: rfc3339Nano(names.length > 0 ? lastTagged(store.root, names) : 0n) },
  }
}

const tagsOf = (image: ListedImage): string[] =>
  namesOf(image)
    .filter(({ reference }) => columnsOf(reference)[1] !== '<none>')
    .map(({ reference }) => familiar(reference))
    .sort()

/** Each repository it has a name in, with what the name points at: what a registry knows the image by. */
const digestsOf = (image: ListedImage): string[] => [
  ...new Set(
    namesOf(image)
      .map(({ reference, target }) => `${columnsOf(reference)[0]}@${target.digest}`)
      .sort(),
  ),
]

const lists = ['Env', 'Cmd', 'Entrypoint', 'OnBuild']
const maps = ['Volumes', 'Labels']

/** What docker always prints, and whatever else the image says. */
function configJson(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { User = '', WorkingDir = '', ...rest } = config
  const json: Record<string, unknown> = { User }
  if (rest.ExposedPorts) json.ExposedPorts = mapOf(rest.ExposedPorts)
  for (const name of lists.slice(0, 2)) json[name] = rest[name] ?? new Nil('list')
  json.Volumes = mapOf(rest.Volumes)
  json.WorkingDir = WorkingDir
  for (const name of lists.slice(2)) json[name] = rest[name] ?? new Nil('list')
  json.Labels = mapOf(rest.Labels)
  for (const [name, value] of Object.entries(rest)) {
    if (!(name in json) && !maps.includes(name)) json[name] = value
  }
  return json
}

const mapOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : new Nil('map')
