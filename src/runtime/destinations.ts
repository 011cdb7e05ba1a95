/**
 * Where mounts go, given what the root holds there before any is made: below the root even where the config names the
 * root's own path, through a symlink to what is yet to be made, with the mode of the folder that a tmpfs covers. Only
 * wishes are changed: whatever is there when the mounts are made, the plan stays inside the root (plan/tree.ts).
 */
import { ConfigError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AT, RESOLVE, S } from '../linux/abi/flags.ts'
import { attempt, call } from '../linux/call.ts'
import { statMode } from '../linux/file.ts'
import type { Config, Mount } from '../oci/runtime-spec.ts'
import { isBind } from '../plan/mount-options.ts'
import { components, normalize } from '../plan/tree.ts'

/** @param rootfs absolute @throws ConfigError */
export function placeMounts(config: Config, rootfs: string): Config {
  if (!config.mounts?.length) return config
  const root = attempt('openat', [AT.FDCWD, rootfs, O.PATH | O.DIRECTORY | O.CLOEXEC, 0])
  if (root < 0) return config
  try {
    const earlier: string[] = []
    const mounts = config.mounts.map((mount, i) => {
      const path = belowRoot(normalize(mount.destination), rootfs)
      const covered = earlier.some((one) => path.startsWith(`${one}/`))
      const placed = covered ? { ...mount, destination: path } : placeMount(root, mount, path, `/mounts/${i}`)
      earlier.push(placed.destination)
      return placed
    })
    return { ...config, mounts }
  } finally {
    call('close', [root])
  }
}

const belowRoot = (path: string, rootfs: string): string =>
  path.startsWith(`${rootfs}/`) ? path.slice(rootfs.length) : path

function placeMount(root: number, mount: Mount, path: string, at: string): Mount {
  // Labels and kernel parameters are written through them: what an image makes of them is not followed.
  if ((mount.type === 'proc' || mount.type === 'sysfs') && modeOf(root, path, O.NOFOLLOW, S.IFLNK))
    throw new ConfigError(
      `${at}/destination`,
      `filesystem "${mount.type}" must be mounted on ordinary directory: the image has a symlink at ${path}`,
    )
  const mode = modeOf(root, path, 0)
  if (mode === undefined) return { ...mount, destination: followDangling(root, path) }
  const inherits =
    mount.type === 'tmpfs' &&
    !isBind(mount) &&
    (mode & S.IFMT) === S.IFDIR &&
    !mount.options?.some((option) => option.startsWith('mode=') || option === 'remount')
  const options = inherits
    ? [...(mount.options ?? []), `mode=${(mode & PERMISSIONS).toString(8)}`]
    : undefined
  return { ...mount, destination: path, ...(options ? { options } : {}) }
}

const PERMISSIONS = 0o7777

function open(root: number, path: string, flags: number): number {
  const how = { flags: O.PATH | O.CLOEXEC | flags, resolve: RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS }
  return attempt('openat2', [root, path, how])
}

/** @returns undefined where there is nothing, or not the type that is asked for */
function modeOf(root: number, path: string, flags: number, type?: number): number | undefined {
  const fd = open(root, path, flags)
  if (fd < 0) return undefined
  const mode = statMode(fd)
  call('close', [fd])
  return type === undefined || (mode & S.IFMT) === type ? mode : undefined
}

const MOST_LINKS = 40

/** Where `path` ends when every symlink on the way is followed, also into what is not there yet. */
function followDangling(root: number, path: string): string {
  let left = components(path)
  let reached = ''
  for (let links = 0; left.length > 0; ) {
    const [next, ...rest] = left as [string, ...string[]]
    const link = linkAt(root, `${reached}/${next}`)
    if (link === undefined) {
      reached = normalize(`${reached}/${next}`).replace(/^\/$/, '')
      left = rest
    } else if (++links > MOST_LINKS) {
      return path
    } else {
      if (link.startsWith('/')) reached = ''
      left = [...components(link), ...rest]
    }
  }
  return reached || '/'
}

function linkAt(root: number, path: string): string | undefined {
  const fd = open(root, path, O.NOFOLLOW)
  if (fd < 0) return undefined
  const target = new Uint8Array(4096)
  const length = attempt('readlinkat', [fd, '', target])
  call('close', [fd])
  return length > 0 ? new TextDecoder().decode(target.subarray(0, length)) : undefined
}
