/** `-v` has a missing folder made, as Docker does; `plan` only says what would be mounted. */
import { UsageError } from '../../errors.ts'
import { fileType, makeFolder } from '../../linux/file.ts'
import { KernelError } from '../../linux/kernel-error.ts'
import type { RunOptions } from '../run-options.ts'

export function missingSources({ mounts }: RunOptions): string[] {
  const missing: string[] = []
  for (const mount of mounts) {
    if (mount.type === 'bind' && mount.createSource && fileType(mount.source) === undefined)
      missing.push(mount.source)
  }
  return missing
}

/** What they will be, for a plan that is compiled before they are made. */
export function foldersAt(paths: readonly string[]): Record<string, 'directory'> {
  const sources: Record<string, 'directory'> = {}
  for (const path of paths) sources[path] = 'directory'
  return sources
}

/** @throws UsageError */
export function makeSources(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      makeFolder(path, 0o755)
    } catch (cause) {
      if (!(cause instanceof KernelError)) throw cause
      throw new UsageError(`Cannot make the folder ${path} to mount: ${cause.message}`, { cause })
    }
  }
}
