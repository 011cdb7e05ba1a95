/** A mount the user asked for, whichever of `-v`, `--mount` and `--tmpfs` said it. */
import type { RootfsPropagation } from '../../oci/runtime-spec.ts'

export type Propagation = Exclude<RootfsPropagation, 'unbindable' | 'runbindable'>

export interface BindRequest {
  type: 'bind'
  /** On the host; may be relative to the folder the command was typed in. */
  source: string
  destination: string
  readonly: boolean
  /** `-v` makes a missing source folder, as Docker does; `--mount` does not. */
  createSource: boolean
  /** Whether mounts below the source come along; and, if readonly, whether they become so too. */
  recursive: boolean
  recursiveReadonly: boolean
  propagation: Propagation
}

export interface TmpfsRequest {
  type: 'tmpfs'
  destination: string
  /** In mount(8)'s spelling, already merged with Docker's `noexec,nosuid,nodev`. */
  options: string[]
}

export interface VolumeRequest {
  type: 'volume'
  /** Empty: an anonymous one; it gets a name when its container is created. */
  name: string
  destination: string
  readonly: boolean
  /** A new volume stays empty: nothing of the image's is copied into it. */
  noCopy: boolean
  driver?: string | undefined
  driverOptions?: Record<string, string> | undefined
  labels?: Record<string, string> | undefined
  /** Of the volume only what is there. */
  subpath?: string | undefined
  /** What the volume's options want mounted, as mount(8) would: `local` takes type, device and o. */
  filesystem?: { readonly type: string; readonly device: string; readonly options: readonly string[] }
  /** It was made for its container alone, and goes with it. */
  anonymous?: boolean
  /** What is mounted, once the container is created. */
  source?: string
  /** It is empty: it begins with what the image has at the destination. */
  copiesUp?: boolean
}

export type MountRequest = BindRequest | TmpfsRequest | VolumeRequest

export const propagations: readonly string[] = [
  'private',
  'rprivate',
  'shared',
  'rshared',
  'slave',
  'rslave',
] satisfies Propagation[]
