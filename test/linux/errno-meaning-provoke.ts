/**
 * Provokes failures and prints what they mean, as JSON by name. To be run in a user namespace, where none of these calls
 * can do harm: `unshare --user --map-root-user --mount`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { O } from '../../src/linux/abi/arch.ts'
import { errnoName } from '../../src/linux/abi/errno.ts'
import {
  AF,
  AT,
  CLONE,
  F,
  F_SEAL,
  FSCONFIG,
  MFD,
  MOVE_MOUNT,
  OPEN_TREE,
  PR,
  PR_CAP_AMBIENT,
  RESOLVE,
  RLIMIT,
  S,
  SECCOMP_SET_MODE_FILTER,
  SIOC,
  SOCK,
} from '../../src/linux/abi/flags.ts'
import { printCall } from '../../src/linux/abi/print-call.ts'
import type { ArgumentsOf, SyscallName } from '../../src/linux/abi/syscalls.ts'
import { attempt, call } from '../../src/linux/call.ts'
import { type FailedCall, meaningOf } from '../../src/linux/errno-meaning.ts'

const folder = process.argv[2] as string
mkdirSync(`${folder}/directory`, { recursive: true })
writeFileSync(`${folder}/file`, '')

type Context = Pick<FailedCall, 'of' | 'at'>
type Provoked = [errno: string, means: string]

function provoke<Name extends SyscallName>(
  name: Name,
  args: ArgumentsOf<Name>,
  context: Context = {},
): Provoked {
  const result = attempt(name, args)
  if (result >= 0) return ['none', '']
  const meaning = meaningOf(name, -result, { printed: printCall(name, args), ...context })
  return [errnoName(-result), meaning?.means ?? '']
}

const open = (path: string, flags: number = O.RDONLY): number => call('openat', [AT.FDCWD, path, flags, 0])
const tree = (path: string): number => call('open_tree', [AT.FDCWD, path, OPEN_TREE.CLONE])
const write = (path: string, text: string, context: Context = {}): Provoked =>
  provoke('write', [open(path, O.WRONLY), text], { of: path, ...context })
const create = (type: string): Provoked =>
  provoke('fsconfig', [call('fsopen', [type, 1]), FSCONFIG.CMD_CREATE, null, null, 0], { of: type })
const move = (from: string, to: string): Provoked =>
  provoke('move_mount', [tree(`${folder}/${from}`), '', AT.FDCWD, `${folder}/${to}`, MOVE_MOUNT.F_EMPTY_PATH])
const connect = (name: string): Provoked =>
  provoke(
    'connect',
    [call('socket', [AF.UNIX, SOCK.STREAM, 0]), { sun_family: AF.UNIX, sun_path: `${folder}/${name}` }],
    { of: name },
  )

function sealed(): number {
  const fd = call('memfd_create', ['sealed', MFD.ALLOW_SEALING])
  call('fcntl', [fd, F.ADD_SEALS, F_SEAL.WRITE])
  return fd
}

const provocations: Record<string, () => Provoked> = {
  'a directory onto a file': () => move('directory', 'file'),
  'a file onto a directory': () => move('file', 'directory'),
  'a mount point that is not there': () => move('file', 'nothing'),
  'a source that is not there': () =>
    provoke('open_tree', [AT.FDCWD, '/nothing', OPEN_TREE.CLONE], { of: '/nothing' }),
  'an unknown filesystem': () => provoke('fsopen', ['nofs', 0], { of: 'nofs' }),
  "the host's sysfs": () => provoke('fsopen', ['sysfs', 0], { of: 'sysfs' }),
  "the host's proc": () => create('proc'),
  "the host's mqueue": () => create('mqueue'),
  "the host's cgroup2": () => create('cgroup2'),
  'a disk in a user namespace': () => create('ext4'),
  'an overlay of nothing': () => create('overlay'),
  'a bad tmpfs size': () =>
    provoke('fsconfig', [call('fsopen', ['tmpfs', 0]), FSCONFIG.SET_STRING, 'size', 'lots', 0], {
      of: 'tmpfs',
    }),
  'another type of namespace': () => provoke('setns', [open('/proc/self/ns/ipc'), CLONE.NEWUTS]),
  'our own user namespace': () => provoke('setns', [open('/proc/self/ns/user'), CLONE.NEWUSER]),
  "the host's uts namespace": () => provoke('sethostname', ['tinyctr-test']),
  'a bad filter': () =>
    provoke('seccomp', [SECCOMP_SET_MODE_FILTER, 0, { len: 1, filter: new Uint8Array(8) }]),
  'soft above hard': () => provoke('prlimit64', [0, RLIMIT.NOFILE, { rlim_cur: 10, rlim_max: 5 }, null]),
  'a hard limit above ours': () =>
    provoke('prlimit64', [0, RLIMIT.NOFILE, { rlim_cur: 10, rlim_max: 2 ** 40 }, null]),
  'groups where they are denied': () => provoke('setgroups', [[0]]),
  'a user without a mapping': () => provoke('setresuid', [5, 5, 5]),
  'a group without a mapping': () => provoke('setresgid', [5, 5, 5]),
  'a device in a user namespace': () =>
    provoke('mknodat', [AT.FDCWD, `${folder}/null`, S.IFCHR | 0o666, 0x103]),
  'a lower OOM score': () => write('/proc/self/oom_score_adj', '-900'),
  'an OOM score out of range': () => write('/proc/self/oom_score_adj', '2000'),
  'a second uid map': () => write('/proc/self/uid_map', '0 0 1'),
  'setgroups allowed again': () => write('/proc/self/setgroups', 'allow'),
  "the host's parameter": () =>
    provoke('openat2', [AT.FDCWD, '/proc/sys/net/nothing', { flags: O.WRONLY, resolve: 0 }], {
      of: '/proc/sys/net/nothing',
      at: '/linux/sysctl/net.nothing',
    }),
  'flags of no mount': () => provoke('mount_setattr', [AT.FDCWD, folder, 0, { attr_set: 1 }]),
  'pivot_root to no mount': () => provoke('pivot_root', [`${folder}/directory`, `${folder}/directory`]),
  'an ambient capability that is not inheritable': () =>
    provoke('prctl', [
      PR.CAP_AMBIENT,
      { name: 'PR_CAP_AMBIENT_RAISE', value: PR_CAP_AMBIENT.RAISE },
      21,
      0,
      0,
    ]),
  "the host's loopback": () =>
    provoke('ioctl', [
      call('socket', [AF.INET, SOCK.DGRAM, 0]),
      SIOC.SIFFLAGS,
      { struct: 'ifreq', fields: { ifr_name: 'lo', ifr_flags: 0x41 } },
    ]),
  'a socket that is not there': () => connect('nothing'),
  'a socket that is a file': () => connect('file'),
  'a symlink on a strict way': () =>
    provoke('openat2', [AT.FDCWD, '/proc/self/cwd', { flags: O.PATH, resolve: RESOLVE.NO_SYMLINKS }]),
  'out of the tree': () =>
    provoke('openat2', [open(folder), '../..', { flags: O.PATH, resolve: RESOLVE.BENEATH }], { of: '../..' }),
  'a directory to write to': () => provoke('openat', [AT.FDCWD, folder, O.WRONLY, 0], { of: folder }),
  'a write that nobody explains: a sealed file': () => provoke('write', [sealed(), 'x']),
}

/** Where a part of /proc is hidden and cannot be uncovered: nested namespaces, as containers in containers. */
const underMasks: Record<string, () => Provoked> = {
  'a proc that would show more': () => {
    const proc = call('fsopen', ['proc', 0])
    call('fsconfig', [proc, FSCONFIG.CMD_CREATE, null, null, 0])
    return provoke('fsmount', [proc, 0, 0], { of: 'proc' })
  },
}

for (const [name, run] of Object.entries(process.argv[3] === 'under-masks' ? underMasks : provocations)) {
  console.log(JSON.stringify([name, ...run()]))
}
