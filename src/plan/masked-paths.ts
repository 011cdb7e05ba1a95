/**
 * Paths of /proc and /sys that are hidden (`linux.maskedPaths`) or made read-only (`linux.readonlyPaths`).
 *
 * A file is hidden under the host's /dev/null, taken from the host before the container's tree is looked at and checked
 * by nobody else's hands since (CVE-2025-31133); a directory under an empty read-only tmpfs. A path that this kernel
 * does not have needs no hiding.
 */
import { O } from '../linux/abi/arch.ts'
import { AT, FSCONFIG, FSMOUNT, FSOPEN, MOUNT_ATTR, MOVE_MOUNT, OPEN_TREE } from '../linux/abi/flags.ts'
import type { Config } from '../oci/runtime-spec.ts'
import { call, each, type Step, slot } from './step.ts'
import { EMPTY_PATH_RECURSIVE } from './tree.ts'

const NULL = slot('null')
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

/** Before pivot_root: the two things to hide others with. */
export function openMaskSteps(config: Config): Step[] {
  const masked = config.linux?.maskedPaths ?? []
  if (masked.length === 0) return []
  const onlyFiles = masked.every((path) => KERNEL_FILES.test(path))
  const device = call('open_tree', [AT.FDCWD, '/dev/null', OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC], {
    into: NULL,
    why: "the host's own /dev/null, to hide files under (CVE-2025-31133)",
    at: MASKED_AT,
  })
  if (onlyFiles) return [device]
  return [
    device,
    call('fsopen', ['tmpfs', FSOPEN.CLOEXEC], {
      into: EMPTY_FS,
      why: 'an empty directory, to hide directories under',
      at: MASKED_AT,
    }),
    // Not 0, which means no limit (tmpfs(5)).
    call('fsconfig', [EMPTY_FS, FSCONFIG.CMD_CREATE, null, null, 0], {
      why: 'the options are complete',
      at: MASKED_AT,
    }),
    call(
      'fsmount',
      [
        EMPTY_FS,
        FSMOUNT.CLOEXEC,
        MOUNT_ATTR.RDONLY | MOUNT_ATTR.NOSUID | MOUNT_ATTR.NODEV | MOUNT_ATTR.NOEXEC,
      ],
      {
        into: EMPTY,
        why: 'read-only, detached',
        at: MASKED_AT,
      },
    ),
  ]
}

/** After pivot_root, when an absolute path cannot leave the container. */
export function maskSteps(config: Config): Step[] {
  const masked = listed(config.linux?.maskedPaths, MASKED_AT)
  const files = masked.filter((one) => KERNEL_FILES.test(one.path))
  const directories = masked.filter((one) => KERNEL_DIRECTORIES.test(one.path))
  const unknown = masked.filter((one) => !files.includes(one) && !directories.includes(one))
  return [
    ...coverSteps(files, NULL, 'file'),
    ...coverSteps(directories, EMPTY, 'directory'),
    ...unknown.flatMap(coverUnknownSteps),
  ]
}

const ABSENT = ['ENOENT', 'ENOTDIR']

function coverSteps(targets: readonly Listed[], cover: typeof NULL, kind: string): Step[] {
  if (targets.length === 0) return []
  const at = targets.map((one) => one.at)
  const clones = each(targets.map((_, i) => slot(`${cover.slot}_${i}`)))
  return [
    call('open_tree', [cover, '', each(targets.map(() => CLONE_ONE))], {
      into: clones,
      why: `one cover for each hidden ${kind}`,
      at,
    }),
    call(
      'move_mount',
      [clones, '', AT.FDCWD, each(targets.map((one) => one.path)), MOVE_MOUNT.F_EMPTY_PATH],
      {
        tolerate: ABSENT,
        why: `hide what the kernel tells in these ${kind === 'file' ? 'files' : 'directories'}`,
        at,
      },
    ),
  ]
}

/** Nobody knows yet whether it is a file: the open that says so fills one slot or the other. */
function coverUnknownSteps(target: Listed, i: number): Step[] {
  const { at, path } = target
  const [directory, file] = [slot(`masked_directory_${i}`), slot(`masked_file_${i}`)]
  const [empty, device] = [slot(`empty_cover_${i}`), slot(`null_cover_${i}`)]
  const cover = MOVE_MOUNT.F_EMPTY_PATH | MOVE_MOUNT.T_EMPTY_PATH
  return [
    call('openat', [AT.FDCWD, path, O.PATH | O.DIRECTORY | O.CLOEXEC, 0], {
      into: directory,
      tolerate: ABSENT,
      why: `is ${path} a directory?`,
      at,
    }),
    call('open_tree', [EMPTY, '', CLONE_ONE], { into: empty, why: 'a cover for a directory', at }),
    call('move_mount', [empty, '', directory, '', cover], { why: `hide the directory ${path}`, at }),
    call('openat', [AT.FDCWD, path, O.PATH | O.CLOEXEC, 0], {
      into: file,
      unless: directory,
      tolerate: ABSENT,
      why: `or is ${path} a file?`,
      at,
    }),
    call('open_tree', [NULL, '', CLONE_ONE], { into: device, why: 'a cover for a file', at }),
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
