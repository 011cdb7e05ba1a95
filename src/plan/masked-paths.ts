/**
 * Paths of /proc and /sys that are hidden (`linux.maskedPaths`) or made read-only (`linux.readonlyPaths`).
 *
 * A file is hidden under the host's /dev/null, taken from the host before the container's tree is looked at and checked
 * by nobody else's hands since (CVE-2025-31133); a directory under an empty read-only tmpfs. A path that this kernel
 * does not have needs no hiding.
 */
import { O } from '../linux/abi/arch.ts'
import { AT, FSCONFIG, FSMOUNT, FSOPEN, MOUNT_ATTR, MOVE_MOUNT, OPEN_TREE } from '../linux/abi/flags.ts'
import type { Slot } from '../linux/abi/kinds.ts'
import type { Config } from '../oci/runtime-spec.ts'
import { call, each, type Step, slot } from './step.ts'
import { EMPTY_PATH_RECURSIVE } from './tree.ts'

const EMPTY = slot('empty')
const EMPTY_FS = slot('empty_fs')
const MASKED_AT = '/linux/maskedPaths'
const READONLY_AT = '/linux/readonlyPaths'
const CLONE_ONE = OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | AT.EMPTY_PATH

/** What the kernel has under these names; any other path is looked at when the time comes. */
const KERNEL_FILES = /^\/proc\/(interrupts|kcore|keys|latency_stats|sched_debug|timer_list|timer_stats)$/
const KERNEL_DIRECTORIES =
  /^\/proc\/(acpi|asound|scsi)$|^\/sys\/(firmware|devices\/virtual\/powercap|fs\/selinux)$|\/thermal_throttle$/

interface Listed {
  readonly path: string
  readonly at: string
}

const listed = (paths: readonly string[] | undefined, at: string): Listed[] =>
  (paths ?? []).map((path, i) => ({ path, at: `${at}/${i}` }))

interface Sorted {
  readonly files: readonly Listed[]
  readonly directories: readonly Listed[]
  /** Known only when the time comes: each gets a cover of both kinds. */
  readonly unknown: readonly Listed[]
}

function sortMasked(config: Config): Sorted {
  const masked = listed(config.linux?.maskedPaths, MASKED_AT)
  const files = masked.filter((one) => KERNEL_FILES.test(one.path))
  const directories = masked.filter((one) => KERNEL_DIRECTORIES.test(one.path))
  return {
    files,
    directories,
    unknown: masked.filter((one) => !files.includes(one) && !directories.includes(one)),
  }
}

const covers = (name: string, targets: readonly Listed[]) => targets.map((_, i) => slot(`${name}_${i}`))

/** Last before pivot_root: one detached cover for each path, made of the host's /dev/null or of an empty tmpfs. */
export function openCoverSteps(config: Config): Step[] {
  const { files, directories, unknown } = sortMasked(config)
  return [...nullCoverSteps([...files, ...unknown]), ...emptyCoverSteps([...directories, ...unknown])]
}

function nullCoverSteps(targets: readonly Listed[]): Step[] {
  if (targets.length === 0) return []
  return [
    call('open_tree', [AT.FDCWD, each(targets.map(() => '/dev/null')), OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC], {
      into: each(covers('null', targets)),
      why: "the host's own /dev/null, once for each file to hide (CVE-2025-31133)",
      at: targets.map((one) => one.at),
    }),
  ]
}

function emptyCoverSteps(targets: readonly Listed[]): Step[] {
  if (targets.length === 0) return []
  const at = targets.map((one) => one.at)
  const flags = MOUNT_ATTR.RDONLY | MOUNT_ATTR.NOSUID | MOUNT_ATTR.NODEV | MOUNT_ATTR.NOEXEC
  return [
    call('fsopen', ['tmpfs', FSOPEN.CLOEXEC], {
      into: EMPTY_FS,
      why: 'an empty directory, to hide directories under',
      at: MASKED_AT,
    }),
    call('fsconfig', [EMPTY_FS, FSCONFIG.CMD_CREATE, null, null, 0], {
      why: 'it needs no options: read-only, it stays empty',
      at: MASKED_AT,
    }),
    call('fsmount', [EMPTY_FS, FSMOUNT.CLOEXEC, flags], { into: EMPTY, why: 'read-only', at: MASKED_AT }),
    call('move_mount', [EMPTY, '', AT.FDCWD, '/sys', MOVE_MOUNT.F_EMPTY_PATH], {
      why: "only an attached mount can be copied (before Linux 6.15); the host's tree goes in a moment",
      at: MASKED_AT,
    }),
    call('open_tree', [EMPTY, '', each(targets.map(() => CLONE_ONE))], {
      into: each(covers('empty', targets)),
      why: 'once for each directory to hide',
      at,
    }),
  ]
}

/** After pivot_root, when an absolute path cannot leave the container. */
export function maskSteps(config: Config): Step[] {
  const { files, directories, unknown } = sortMasked(config)
  const [nulls, empties] = [
    covers('null', [...files, ...unknown]),
    covers('empty', [...directories, ...unknown]),
  ]
  return [
    ...coverSteps(files, nulls.slice(0, files.length), 'files'),
    ...coverSteps(directories, empties.slice(0, directories.length), 'directories'),
    ...unknown.flatMap((target, i) =>
      coverUnknownSteps(target, i, nulls[files.length + i] as Slot, empties[directories.length + i] as Slot),
    ),
  ]
}

const ABSENT = ['ENOENT', 'ENOTDIR']

function coverSteps(targets: readonly Listed[], clones: readonly Slot[], kind: string): Step[] {
  if (targets.length === 0) return []
  const paths = each(targets.map((one) => one.path))
  return [
    call('move_mount', [each(clones), '', AT.FDCWD, paths, MOVE_MOUNT.F_EMPTY_PATH], {
      tolerate: ABSENT,
      why: `hide what the kernel tells in these ${kind}`,
      at: targets.map((one) => one.at),
    }),
  ]
}

/** The open that says what it is fills one slot or the other. */
function coverUnknownSteps({ at, path }: Listed, i: number, device: Slot, empty: Slot): Step[] {
  const [directory, file] = [slot(`masked_directory_${i}`), slot(`masked_file_${i}`)]
  const cover = MOVE_MOUNT.F_EMPTY_PATH | MOVE_MOUNT.T_EMPTY_PATH
  return [
    call('openat', [AT.FDCWD, path, O.PATH | O.DIRECTORY | O.CLOEXEC, 0], {
      into: directory,
      tolerate: ABSENT,
      why: `is ${path} a directory?`,
      at,
    }),
    call('move_mount', [empty, '', directory, '', cover], { why: `hide the directory ${path}`, at }),
    call('openat', [AT.FDCWD, path, O.PATH | O.CLOEXEC, 0], {
      into: file,
      unless: directory,
      tolerate: ABSENT,
      why: `or is ${path} a file?`,
      at,
    }),
    call('move_mount', [device, '', file, '', cover], { why: `hide the file ${path}`, at }),
  ]
}

export function readonlyPathSteps(config: Config): Step[] {
  const targets = listed(config.linux?.readonlyPaths, READONLY_AT)
  if (targets.length === 0) return []
  const at = targets.map((one) => one.at)
  const paths = each(targets.map((one) => one.path))
  const clones = each(targets.map((_, i) => slot(`readonly_${i}`)))
  return [
    call('open_tree', [AT.FDCWD, paths, OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | AT.RECURSIVE], {
      into: clones,
      tolerate: ABSENT,
      why: 'a copy of each path that must be read-only',
      at,
    }),
    call('mount_setattr', [clones, '', EMPTY_PATH_RECURSIVE, { attr_set: MOUNT_ATTR.RDONLY }], {
      why: 'read-only, whatever lies below',
      at,
    }),
    call('move_mount', [clones, '', AT.FDCWD, paths, MOVE_MOUNT.F_EMPTY_PATH], {
      why: 'lay the copy over the path',
      at,
    }),
  ]
}
