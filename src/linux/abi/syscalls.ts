/**
 * The syscall table: one row a system call, with its number on x86-64 and arm64 and the name and kind of each argument.
 *
 * It types the builders (`call('openat2', [...])`), prints arguments by name and encodes them; nothing else in the
 * house knows an argument's order. Numbers: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
 */
import type { ImplicitKind, Kind, ValueOf } from './kinds.ts'

type Row = readonly [x64: number, arm64: number, ...args: (readonly [name: string, kind: Kind])[]]

const table = <const T extends Record<string, Row>>(rows: T): T => rows

export const SYSCALLS = table({
  // Files
  read: [0, 63, ['fd', 'fd'], ['buffer', 'out'], ['count', 'sizeof']],
  write: [1, 64, ['fd', 'fd'], ['bytes', 'bytes'], ['count', 'sizeof']],
  close: [3, 57, ['fd', 'fd']],
  close_range: [436, 436, ['first', 'uint'], ['last', 'uint'], ['flags', 'CLOSE_RANGE']],
  openat: [257, 56, ['dirfd', 'dirfd'], ['path', 'path'], ['flags', 'O'], ['mode', 'mode']],
  openat2: [437, 437, ['dirfd', 'dirfd'], ['path', 'path'], ['how', 'open_how'], ['size', 'sizeof']],
  dup3: [292, 24, ['old', 'fd'], ['new', 'fd'], ['flags', 'O']],
  fcntl: [72, 25, ['fd', 'fd'], ['command', 'F'], ['argument', 'word']],
  flock: [73, 32, ['fd', 'fd'], ['operation', 'LOCK']],
  lseek: [8, 62, ['fd', 'fd'], ['offset', 'int'], ['whence', 'int']],
  ftruncate: [77, 46, ['fd', 'fd'], ['length', 'uint']],
  fsync: [74, 82, ['fd', 'fd']],
  syncfs: [306, 267, ['fd', 'fd']],
  mkdirat: [258, 34, ['dirfd', 'dirfd'], ['path', 'path'], ['mode', 'mode']],
  mknodat: [259, 33, ['dirfd', 'dirfd'], ['path', 'path'], ['mode', 'filemode'], ['dev', 'dev']],
  symlinkat: [266, 36, ['target', 'path'], ['dirfd', 'dirfd'], ['path', 'path']],
  linkat: [
    265,
    37,
    ['olddirfd', 'dirfd'],
    ['old', 'path'],
    ['newdirfd', 'dirfd'],
    ['new', 'path'],
    ['flags', 'AT'],
  ],
  unlinkat: [263, 35, ['dirfd', 'dirfd'], ['path', 'path'], ['flags', 'AT']],
  renameat2: [
    316,
    276,
    ['olddirfd', 'dirfd'],
    ['old', 'path'],
    ['newdirfd', 'dirfd'],
    ['new', 'path'],
    ['flags', 'uint'],
  ],
  fchmod: [91, 52, ['fd', 'fd'], ['mode', 'mode']],
  fchmodat: [268, 53, ['dirfd', 'dirfd'], ['path', 'path'], ['mode', 'mode']],
  fchown: [93, 55, ['fd', 'fd'], ['uid', 'uint'], ['gid', 'uint']],
  fchownat: [
    260,
    54,
    ['dirfd', 'dirfd'],
    ['path', 'path'],
    ['uid', 'uint'],
    ['gid', 'uint'],
    ['flags', 'AT'],
  ],
  utimensat: [280, 88, ['dirfd', 'dirfd'], ['path', 'path'], ['times', 'timespec2'], ['flags', 'AT']],
  statx: [
    332,
    291,
    ['dirfd', 'dirfd'],
    ['path', 'path'],
    ['flags', 'AT'],
    ['mask', 'uint'],
    ['buffer', 'out'],
  ],
  statfs: [137, 43, ['path', 'path'], ['buffer', 'out']],
  fstatfs: [138, 44, ['fd', 'fd'], ['buffer', 'out']],
  readlinkat: [267, 78, ['dirfd', 'dirfd'], ['path', 'path'], ['buffer', 'out'], ['size', 'sizeof']],
  getdents64: [217, 61, ['fd', 'fd'], ['buffer', 'out'], ['count', 'sizeof']],
  fsetxattr: [
    190,
    7,
    ['fd', 'fd'],
    ['name', 'path'],
    ['value', 'bytes'],
    ['size', 'sizeof'],
    ['flags', 'XATTR'],
  ],
  lsetxattr: [
    189,
    6,
    ['path', 'path'],
    ['name', 'path'],
    ['value', 'bytes'],
    ['size', 'sizeof'],
    ['flags', 'XATTR'],
  ],
  fgetxattr: [193, 10, ['fd', 'fd'], ['name', 'path'], ['value', 'out'], ['size', 'sizeof']],
  lgetxattr: [192, 9, ['path', 'path'], ['name', 'path'], ['value', 'out'], ['size', 'sizeof']],
  llistxattr: [195, 12, ['path', 'path'], ['list', 'out'], ['size', 'sizeof']],
  copy_file_range: [
    326,
    285,
    ['in', 'fd'],
    ['offin', 'word'],
    ['out', 'fd'],
    ['offout', 'word'],
    ['size', 'uint'],
    ['flags', 'uint'],
  ],
  memfd_create: [319, 279, ['name', 'path'], ['flags', 'MFD']],
  pipe2: [293, 59, ['fds', 'out'], ['flags', 'O']],
  mmap: [
    9,
    222,
    ['address', 'word'],
    ['length', 'uint'],
    ['protection', 'uint'],
    ['flags', 'uint'],
    ['fd', 'fd'],
    ['offset', 'uint'],
  ],
  madvise: [28, 233, ['address', 'word'], ['length', 'uint'], ['advice', 'int']],
  signalfd4: [289, 74, ['fd', 'fd'], ['mask', 'bytes'], ['size', 'uint'], ['flags', 'O']],
  ppoll: [
    271,
    73,
    ['fds', 'out'],
    ['count', 'uint'],
    ['timeout', 'word'],
    ['mask', 'word'],
    ['size', 'uint'],
  ],

  // Mounts
  mount: [
    165,
    40,
    ['source', 'path'],
    ['target', 'path'],
    ['type', 'path'],
    ['flags', 'MS'],
    ['data', 'path'],
  ],
  umount2: [166, 39, ['target', 'path'], ['flags', 'MNT']],
  pivot_root: [155, 41, ['new_root', 'path'], ['put_old', 'path']],
  chroot: [161, 51, ['path', 'path']],
  open_tree: [428, 428, ['dirfd', 'dirfd'], ['path', 'path'], ['flags', 'OPEN_TREE|AT']],
  move_mount: [
    429,
    429,
    ['from_dirfd', 'dirfd'],
    ['from_path', 'path'],
    ['to_dirfd', 'dirfd'],
    ['to_path', 'path'],
    ['flags', 'MOVE_MOUNT'],
  ],
  fsopen: [430, 430, ['fsname', 'path'], ['flags', 'FSOPEN']],
  fsconfig: [
    431,
    431,
    ['fs', 'fd'],
    ['command', 'FSCONFIG'],
    ['key', 'path'],
    ['value', 'path'],
    ['aux', 'int'],
  ],
  fsmount: [432, 432, ['fs', 'fd'], ['flags', 'FSMOUNT'], ['attr', 'MOUNT_ATTR']],
  mount_setattr: [
    442,
    442,
    ['dirfd', 'dirfd'],
    ['path', 'path'],
    ['flags', 'AT'],
    ['attr', 'mount_attr'],
    ['size', 'sizeof'],
  ],

  // Processes and namespaces
  clone3: [435, 435, ['args', 'clone_args'], ['size', 'sizeof']],
  unshare: [272, 97, ['flags', 'CLONE']],
  setns: [308, 268, ['fd', 'fd'], ['nstype', 'CLONE']],
  execve: [59, 221, ['path', 'path'], ['argv', 'argv'], ['envp', 'argv']],
  execveat: [
    322,
    281,
    ['dirfd', 'dirfd'],
    ['path', 'path'],
    ['argv', 'argv'],
    ['envp', 'argv'],
    ['flags', 'AT'],
  ],
  exit_group: [231, 94, ['code', 'int']],
  waitid: [247, 95, ['type', 'P'], ['id', 'word'], ['info', 'out'], ['options', 'W'], ['rusage', 'word']],
  kill: [62, 129, ['pid', 'pid'], ['signal', 'signal']],
  getpid: [39, 172],
  getppid: [110, 173],
  geteuid: [107, 175],
  getegid: [108, 177],
  pidfd_open: [434, 434, ['pid', 'pid'], ['flags', 'uint']],
  pidfd_send_signal: [424, 424, ['pidfd', 'fd'], ['signal', 'signal'], ['info', 'word'], ['flags', 'uint']],
  setsid: [112, 157],
  fchdir: [81, 50, ['fd', 'fd']],
  chdir: [80, 49, ['path', 'path']],
  umask: [95, 166, ['mask', 'mode']],
  uname: [63, 160, ['buffer', 'out']],
  sethostname: [170, 161, ['name', 'bytes'], ['length', 'sizeof']],
  setdomainname: [171, 162, ['name', 'bytes'], ['length', 'sizeof']],
  prlimit64: [302, 261, ['pid', 'pid'], ['resource', 'RLIMIT'], ['new', 'rlimit64'], ['old', 'out']],
  rt_sigaction: [13, 134, ['signal', 'signal'], ['act', 'bytes'], ['old', 'word'], ['size', 'uint']],
  rt_sigprocmask: [14, 135, ['how', 'SIG'], ['set', 'bytes'], ['old', 'word'], ['size', 'uint']],
  personality: [135, 92, ['persona', 'uint']],
  sched_setattr: [314, 274, ['pid', 'pid'], ['attr', 'sched_attr'], ['flags', 'uint']],
  sched_setaffinity: [203, 122, ['pid', 'pid'], ['size', 'countof'], ['mask', 'bytes']],
  sched_getaffinity: [204, 123, ['pid', 'pid'], ['size', 'countof'], ['mask', 'out']],
  ioprio_set: [251, 30, ['which', 'IOPRIO_WHO'], ['who', 'pid'], ['ioprio', 'uint']],
  set_mempolicy: [238, 237, ['mode', 'uint'], ['nodes', 'bytes'], ['maxnode', 'uint']],

  // Identity and security
  setgroups: [116, 159, ['size', 'countof'], ['groups', 'gids']],
  setresuid: [117, 147, ['ruid', 'uint'], ['euid', 'uint'], ['suid', 'uint']],
  setresgid: [119, 149, ['rgid', 'uint'], ['egid', 'uint'], ['sgid', 'uint']],
  capset: [126, 91, ['header', 'cap_header'], ['data', 'cap_data']],
  prctl: [
    157,
    167,
    ['option', 'PR'],
    ['value', 'word'],
    ['arg3', 'word'],
    ['arg4', 'word'],
    ['arg5', 'word'],
  ],
  seccomp: [317, 277, ['operation', 'uint'], ['flags', 'SECCOMP_FILTER_FLAG'], ['filter', 'sock_fprog']],
  bpf: [321, 280, ['command', 'uint'], ['attr', 'bpf_attr'], ['size', 'sizeof']],
  keyctl: [
    250,
    219,
    ['operation', 'int'],
    ['name', 'path'],
    ['arg3', 'word'],
    ['arg4', 'word'],
    ['arg5', 'word'],
  ],

  // Sockets and devices
  socket: [41, 198, ['family', 'AF'], ['type', 'SOCK'], ['protocol', 'int']],
  socketpair: [53, 199, ['family', 'AF'], ['type', 'SOCK'], ['protocol', 'int'], ['fds', 'out']],
  connect: [42, 203, ['fd', 'fd'], ['address', 'sockaddr_un'], ['size', 'sizeof']],
  bind: [49, 200, ['fd', 'fd'], ['address', 'bytes'], ['size', 'sizeof']],
  sendto: [
    44,
    206,
    ['fd', 'fd'],
    ['bytes', 'bytes'],
    ['count', 'sizeof'],
    ['flags', 'uint'],
    ['address', 'word'],
    ['size', 'uint'],
  ],
  recvfrom: [
    45,
    207,
    ['fd', 'fd'],
    ['buffer', 'out'],
    ['count', 'sizeof'],
    ['flags', 'uint'],
    ['address', 'word'],
    ['size', 'word'],
  ],
  sendmsg: [46, 211, ['fd', 'fd'], ['message', 'scm_rights'], ['flags', 'uint']],
  recvmsg: [47, 212, ['fd', 'fd'], ['message', 'out'], ['flags', 'uint']],
  ioctl: [16, 29, ['fd', 'fd'], ['request', 'ioctl'], ['argument', 'word']],
})

export type SyscallName = keyof typeof SYSCALLS

type Values<Args> = Args extends readonly [readonly [string, infer K], ...infer Rest]
  ? K extends ImplicitKind
    ? Values<Rest>
    : K extends Kind
      ? [ValueOf<K>, ...Values<Rest>]
      : never
  : []

type RowArguments<Row> = Row extends readonly [number, number, ...infer Args] ? Args : never

/** The explicit arguments of a call, as a tuple. */
export type ArgumentsOf<Name extends SyscallName> = Values<RowArguments<(typeof SYSCALLS)[Name]>>
