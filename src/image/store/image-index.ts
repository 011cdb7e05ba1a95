/** index.json: which names the store has, and what each points at (image-spec image-layout.md, image-index.md). */
import { RegistryError } from '../../errors.ts'
import type { Descriptor } from '../content.ts'
import { readFile, replaceFile, whileLocked } from './files.ts'
import type { Workspace } from './workspace.ts'

/** The full reference, as containerd's exports have it. */
export const nameAnnotation = 'io.containerd.image.name'
/** The tag alone: what `skopeo copy oci:FOLDER:TAG` and `umoci --image FOLDER:TAG` look for. */
const refNameAnnotation = 'org.opencontainers.image.ref.name'

interface Index {
  schemaVersion: 2
  mediaType: string
  manifests: Descriptor[]
}

const path = (root: string): string => `${root}/index.json`

export function readIndex(root: string): Descriptor[] {
  const bytes = readFile(path(root))
  if (bytes === undefined) return []
  try {
    const { manifests } = JSON.parse(bytes.toString()) as Index
    if (!Array.isArray(manifests)) throw new Error('it has no "manifests"')
    return manifests
  } catch (cause) {
    throw new RegistryError(`Cannot read ${path(root)}: ${(cause as Error).message}`, { cause })
  }
}

export const referenceOf = (descriptor: Descriptor): string | undefined =>
  descriptor.annotations?.[nameAnnotation]

/** Replaces index.json by what `change` makes of its entries; nobody else changes it meanwhile. */
export function changeIndex(
  root: string,
  workspace: Workspace,
  change: (manifests: Descriptor[]) => Descriptor[],
): void {
  whileLocked(`${root}/index.lock`, () => {
    const index: Index = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: change(readIndex(root)),
    }
    replaceFile(path(root), JSON.stringify(index), `${workspace.path}/index.json`)
  })
}

/** A descriptor under a name. */
export function named(reference: string, { mediaType, digest, size, platform }: Descriptor): Descriptor {
  const tag = /\/.*:([A-Za-z0-9_][A-Za-z0-9_.-]*)$/.exec(reference.replace(/@.*$/, ''))?.[1]
  return {
    mediaType,
    digest,
    size,
    ...(platform !== undefined && { platform }),
    annotations: {
      [nameAnnotation]: reference,
      ...(tag !== undefined && { [refNameAnnotation]: tag }),
    },
  }
}
