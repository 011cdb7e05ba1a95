/** A mount the user asked for, whichever of `-v`, `--mount` and `--tmpfs` said it. */
import type { RootfsPropagation } from '../oci/runtime-spec.ts'

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

export type MountRequest = BindRequest | TmpfsRequest

export const propagations: readonly string[] = [
  'private',
  'rprivate',
  'shared',
  'rshared',
  'slave',
  'rslave',
] satisfies Propagation[]
