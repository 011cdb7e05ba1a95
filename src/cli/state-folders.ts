/** Where things are kept: `--root` for what is gone after a reboot, `--data-root` for images and containers. */
import { cleanPath } from '../engine/config/container-path.ts'
import type { Environment } from '../engine/config/env-file.ts'
import { UsageError } from '../errors.ts'

export interface StateFolders {
  root: string
  dataRoot: string
}

export interface Person {
  uid: number
  environment: Environment
  /** The current folder, absolute; asked for only when a path is relative. */
  folder: () => string
}

/** @throws UsageError for somebody without a home */
export function stateFolders(
  flags: { root?: string; 'data-root'?: string },
  { uid, environment, folder }: Person,
): StateFolders {
  const absolute = (path: string): string => cleanPath(path.startsWith('/') ? path : `${folder()}/${path}`)
  const defaultRoot = (): string =>
    uid === 0 ? '/run/tinyctr' : `${environment.XDG_RUNTIME_DIR || `/run/user/${uid}`}/tinyctr`
  const defaultDataRoot = (): string => {
    if (uid === 0) return '/var/lib/tinyctr'
    const { XDG_DATA_HOME: data, HOME: home } = environment
    if (data) return `${data}/tinyctr`
    if (home) return `${home}/.local/share/tinyctr`
    throw new UsageError('Cannot find a folder for images: HOME is not set; name one with --data-root')
  }
  return {
    root: absolute(flags.root ?? defaultRoot()),
    dataRoot: absolute(flags['data-root'] ?? defaultDataRoot()),
  }
}
