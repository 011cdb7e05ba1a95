/**
 * Mount options as config.json and fstab(5) spell them, sorted into what the kernel's mount API takes.
 * Source: runtime-spec config.md#linux-mount-options, mount(8), mount_setattr(2).
 */

import { ConfigError } from '../errors.ts'
import { MOUNT_ATTR, MS } from '../linux/abi/flags.ts'
import type { Mount } from '../oci/runtime-spec.ts'

export interface MountOptions {
  /** `bind`: this mount only; `rbind`: with everything below it. */
  bind: 'bind' | 'rbind' | undefined
  remount: boolean
  /** MOUNT_ATTR_* to set and to clear on the mount itself. */
  set: number
  clear: number
  /** The same for the mount and everything below it (`rro`, `rnosuid`, ...). */
  recursiveSet: number
  recursiveClear: number
  /** MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE; 0 leaves it. */
  propagation: number
  recursivePropagation: boolean
  tmpcopyup: boolean
  /** `X-mount.subdir=PATH` (mount(8)): of a bind mount's source only what is there, and no symlink leads there. */
  subdirectory: string | undefined
  /** `idmap` and `ridmap`. */
  idmap: 'mount' | 'recursive' | undefined
  /** Flags and `key=value` pairs of the filesystem itself. */
  data: { key: string; value: string | undefined }[]
}

const ATTRIBUTES: Record<string, { set?: number; clear?: number }> = {
  ro: { set: MOUNT_ATTR.RDONLY },
  rw: { clear: MOUNT_ATTR.RDONLY },
  nosuid: { set: MOUNT_ATTR.NOSUID },
  suid: { clear: MOUNT_ATTR.NOSUID },
  nodev: { set: MOUNT_ATTR.NODEV },
  dev: { clear: MOUNT_ATTR.NODEV },
  noexec: { set: MOUNT_ATTR.NOEXEC },
  exec: { clear: MOUNT_ATTR.NOEXEC },
  nosymfollow: { set: MOUNT_ATTR.NOSYMFOLLOW },
  symfollow: { clear: MOUNT_ATTR.NOSYMFOLLOW },
  nodiratime: { set: MOUNT_ATTR.NODIRATIME },
  diratime: { clear: MOUNT_ATTR.NODIRATIME },
  // The three access-time modes are one field: choosing one clears it first.
  noatime: { set: MOUNT_ATTR.NOATIME, clear: MOUNT_ATTR._ATIME },
  strictatime: { set: MOUNT_ATTR.STRICTATIME, clear: MOUNT_ATTR._ATIME },
  relatime: { clear: MOUNT_ATTR._ATIME },
  atime: { clear: MOUNT_ATTR._ATIME },
  norelatime: { clear: MOUNT_ATTR._ATIME },
  nostrictatime: { clear: MOUNT_ATTR._ATIME },
}

const PROPAGATION: Record<string, number> = {
  shared: MS.SHARED,
  slave: MS.SLAVE,
  private: MS.PRIVATE,
  unbindable: MS.UNBINDABLE,
}

/** Superblock flags, which fsconfig(2) takes by name; and options that mean nothing to the kernel. */
const SUPERBLOCK = new Set(['sync', 'dirsync', 'lazytime', 'mand'])
const IGNORED = new Set([
  'defaults',
  'async',
  'nolazytime',
  'nomand',
  'loud',
  'silent',
  'iversion',
  'noiversion',
  'acl',
  'noacl',
  'auto',
  'noauto',
  'user',
  'nouser',
  '_netdev',
  'nofail',
])

export const SUBDIRECTORY = 'X-mount.subdir='

/** All that are known by name. */
export const MOUNT_OPTIONS: readonly string[] = [
  ...[...Object.keys(ATTRIBUTES), ...Object.keys(PROPAGATION)].flatMap((name) => [name, `r${name}`]),
  ...SUPERBLOCK,
  ...IGNORED,
  ...['bind', 'rbind', 'remount', 'tmpcopyup', 'idmap', 'ridmap'],
]

/**
 * @param at the JSON pointer of the mount, for errors
 * @throws ConfigError for options that cannot be honoured
 */
export function parseMountOptions(options: readonly string[] = [], at = ''): MountOptions {
  const parsed: MountOptions = {
    bind: undefined,
    remount: false,
    set: 0,
    clear: 0,
    recursiveSet: 0,
    recursiveClear: 0,
    propagation: 0,
    recursivePropagation: false,
    tmpcopyup: false,
    subdirectory: undefined,
    idmap: undefined,
    data: [],
  }
  options.forEach((option, i) => {
    if (!parseOption(parsed, option))
      throw new ConfigError(`${at}/options/${i}`, `expected a mount option but found ""`)
  })
  return parsed
}

function parseOption(parsed: MountOptions, option: string): boolean {
  if (option === '') return false
  const own = ATTRIBUTES[option]
  const recursive = option.startsWith('r') ? ATTRIBUTES[option.slice(1)] : undefined
  const propagation = PROPAGATION[option]
  const recursivePropagation = option.startsWith('r') ? PROPAGATION[option.slice(1)] : undefined
  if (own) {
    parsed.set = (parsed.set & ~(own.clear ?? 0)) | (own.set ?? 0)
    parsed.clear = (parsed.clear & ~(own.set ?? 0)) | (own.clear ?? 0)
  } else if (recursive) {
    parsed.recursiveSet = (parsed.recursiveSet & ~(recursive.clear ?? 0)) | (recursive.set ?? 0)
    parsed.recursiveClear = (parsed.recursiveClear & ~(recursive.set ?? 0)) | (recursive.clear ?? 0)
  } else if (propagation || recursivePropagation) {
    parsed.propagation = (propagation ?? recursivePropagation) as number
    parsed.recursivePropagation = recursivePropagation !== undefined
  } else if (option === 'bind' || option === 'rbind') {
    parsed.bind = option
  } else if (option === 'remount') {
    parsed.remount = true
  } else if (option === 'tmpcopyup') {
    parsed.tmpcopyup = true
  } else if (option.startsWith(SUBDIRECTORY)) {
    parsed.subdirectory = option.slice(SUBDIRECTORY.length)
  } else if (option === 'idmap' || option === 'ridmap') {
    parsed.idmap = option === 'idmap' ? 'mount' : 'recursive'
  } else if (!IGNORED.has(option)) {
    const equals = option.indexOf('=')
    parsed.data.push(
      equals < 0 || SUPERBLOCK.has(option)
        ? { key: option, value: undefined }
        : { key: option.slice(0, equals), value: option.slice(equals + 1) },
    )
  }
  return true
}

export const isBind = (mount: Mount): boolean =>
  mount.type === 'bind' || (mount.options?.some((option) => option === 'bind' || option === 'rbind') ?? false)
