/**
 * The kernel's constants by family, under the names of its headers: `O.PATH` is `O_PATH`. The family's key is the
 * prefix, so one table serves builders and printers alike. Checked against a C probe in test/linux/abi/.
 *
 * Values are those that x86-64 and arm64 share; where the two differ, see arch.ts.
 */

export const AT = {
  FDCWD: -100,
  SYMLINK_NOFOLLOW: 0x100,
  REMOVEDIR: 0x200,
  SYMLINK_FOLLOW: 0x400,
  EMPTY_PATH: 0x1000,
  RECURSIVE: 0x8000,
} as const

export const RESOLVE = {
  NO_XDEV: 0x01,
  NO_MAGICLINKS: 0x02,
  NO_SYMLINKS: 0x04,
  BENEATH: 0x08,
  IN_ROOT: 0x10,
} as const

export const CLONE = {
  NEWTIME: 0x80,
  VM: 0x100,
  PIDFD: 0x1000,
  VFORK: 0x4000,
  PARENT: 0x8000,
  NEWNS: 0x20000,
  PARENT_SETTID: 0x100000,
  NEWCGROUP: 0x2000000,
  NEWUTS: 0x4000000,
  NEWIPC: 0x8000000,
  NEWUSER: 0x10000000,
  NEWPID: 0x20000000,
  NEWNET: 0x40000000,
  FS: 0x200,
  INTO_CGROUP: 0x200000000,
} as const

/** mount(2). */
export const MS = {
  RDONLY: 0x1,
  NOSUID: 0x2,
  NODEV: 0x4,
  NOEXEC: 0x8,
  SYNCHRONOUS: 0x10,
  REMOUNT: 0x20,
  MANDLOCK: 0x40,
  DIRSYNC: 0x80,
  NOSYMFOLLOW: 0x100,
  NOATIME: 0x400,
  NODIRATIME: 0x800,
  BIND: 0x1000,
  MOVE: 0x2000,
  REC: 0x4000,
  SILENT: 0x8000,
  UNBINDABLE: 0x20000,
  PRIVATE: 0x40000,
  SLAVE: 0x80000,
  SHARED: 0x100000,
  RELATIME: 0x200000,
  STRICTATIME: 0x1000000,
  LAZYTIME: 0x2000000,
} as const

/** mount_setattr(2), fsmount(2). */
export const MOUNT_ATTR = {
  RDONLY: 0x1,
  NOSUID: 0x2,
  NODEV: 0x4,
  NOEXEC: 0x8,
  NOATIME: 0x10,
  STRICTATIME: 0x20,
  _ATIME: 0x70,
  NODIRATIME: 0x80,
  IDMAP: 0x100000,
  NOSYMFOLLOW: 0x200000,
} as const

export const OPEN_TREE = { CLONE: 1, CLOEXEC: 0x80000 } as const

export const MOVE_MOUNT = {
  F_SYMLINKS: 0x1,
  F_EMPTY_PATH: 0x4,
  T_SYMLINKS: 0x10,
  T_EMPTY_PATH: 0x40,
  BENEATH: 0x200,
} as const

export const FSOPEN = { CLOEXEC: 1 } as const
export const FSMOUNT = { CLOEXEC: 1 } as const

/** The command of fsconfig(2). */
export const FSCONFIG = {
  SET_FLAG: 0,
  SET_STRING: 1,
  SET_BINARY: 2,
  SET_PATH: 3,
  SET_PATH_EMPTY: 4,
  SET_FD: 5,
  CMD_CREATE: 6,
  CMD_RECONFIGURE: 7,
} as const

export const MNT = { FORCE: 1, DETACH: 2, EXPIRE: 4 } as const
export const UMOUNT = { NOFOLLOW: 8 } as const

export const PR = {
  SET_PDEATHSIG: 1,
  SET_DUMPABLE: 4,
  SET_KEEPCAPS: 8,
  SET_NAME: 15,
  CAPBSET_DROP: 24,
  SET_CHILD_SUBREAPER: 36,
  SET_NO_NEW_PRIVS: 38,
  CAP_AMBIENT: 47,
} as const

export const PR_CAP_AMBIENT = { RAISE: 2, CLEAR_ALL: 4 } as const

export const RLIMIT = {
  CPU: 0,
  FSIZE: 1,
  DATA: 2,
  STACK: 3,
  CORE: 4,
  RSS: 5,
  NPROC: 6,
  NOFILE: 7,
  MEMLOCK: 8,
  AS: 9,
  LOCKS: 10,
  SIGPENDING: 11,
  MSGQUEUE: 12,
  NICE: 13,
  RTPRIO: 14,
  RTTIME: 15,
} as const

export const S = {
  IFMT: 0o170000,
  IFSOCK: 0o140000,
  IFLNK: 0o120000,
  IFREG: 0o100000,
  IFBLK: 0o060000,
  IFDIR: 0o040000,
  IFCHR: 0o020000,
  IFIFO: 0o010000,
  ISUID: 0o4000,
  ISGID: 0o2000,
  ISVTX: 0o1000,
} as const

export const SECCOMP_SET_MODE_FILTER = 1
export const SECCOMP_FILTER_FLAG = {
  TSYNC: 1,
  LOG: 2,
  SPEC_ALLOW: 4,
  NEW_LISTENER: 8,
  TSYNC_ESRCH: 16,
  WAIT_KILLABLE_RECV: 32,
} as const

export const CLOSE_RANGE = { UNSHARE: 2, CLOEXEC: 4 } as const
export const MFD = { CLOEXEC: 1, ALLOW_SEALING: 2, EXEC: 0x10 } as const
export const F = {
  GETFD: 1,
  SETFD: 2,
  GETFL: 3,
  SETFL: 4,
  GETLK: 5,
  SETLK: 6,
  DUPFD_CLOEXEC: 1030,
  ADD_SEALS: 1033,
} as const
export const F_SEAL = { SEAL: 1, SHRINK: 2, GROW: 4, WRITE: 8, EXEC: 0x20 } as const
export const SEEK = { SET: 0, CUR: 1, END: 2 } as const
export const LOCK = { SH: 1, EX: 2, NB: 4, UN: 8 } as const
export const FD_CLOEXEC = 1

/** ioctl(2) requests: terminals (ioctl_tty(2)), network devices (netdevice(7)), namespaces (ioctl_ns(2)). */
/** Only requests whose number is the same everywhere. */
export const TC = { SETS: 0x5402 } as const
export const TIOC = {
  SCTTY: 0x540e,
  GPTPEER: 0x5441,
  SPTLCK: 0x40045431,
  SWINSZ: 0x5414,
  GWINSZ: 0x5413,
} as const
export const SIOC = { GIFFLAGS: 0x8913, SIFFLAGS: 0x8914 } as const
export const IFF = { UP: 1, LOOPBACK: 8, RUNNING: 0x40 } as const

/** Address families and socket types; SOCK_CLOEXEC may be or-ed to a type. */
export const AF = { UNSPEC: 0, UNIX: 1, INET: 2, BRIDGE: 7, INET6: 10, NETLINK: 16 } as const
export const SOCK = { STREAM: 1, DGRAM: 2, RAW: 3, SEQPACKET: 5, CLOEXEC: 0x80000 } as const

/** netlink(7): protocols, socket options, flags of a request. */
export const NETLINK = { ROUTE: 0, NETFILTER: 12, CAP_ACK: 10, EXT_ACK: 11 } as const
export const NLM_F = { REPLACE: 0x100, EXCL: 0x200, CREATE: 0x400, APPEND: 0x800 } as const
/** rtnetlink(7) */
export const IFA_F = { NODAD: 2, PERMANENT: 0x80 } as const
export const RT_SCOPE = { UNIVERSE: 0, LINK: 253, HOST: 254 } as const
export const RT_TABLE = { MAIN: 254 } as const
export const RTPROT = { BOOT: 3, STATIC: 4 } as const
export const RTN = { UNICAST: 1 } as const
export const NUD = { NOARP: 0x40 } as const
export const NTF = { MASTER: 4 } as const
/** Families of nf_tables, and the hooks and chains of theirs. */
export const NFPROTO = { UNSPEC: 0, IPV4: 2, BRIDGE: 7, IPV6: 10 } as const
export const NF_INET = { PRE_ROUTING: 0, LOCAL_IN: 1, FORWARD: 2, LOCAL_OUT: 3, POST_ROUTING: 4 } as const
export const SOL = { SOCKET: 1, NETLINK: 270 } as const
export const SO = { REUSEADDR: 2, RCVTIMEO: 20 } as const
export const IPPROTO = { TCP: 6, UDP: 17, IPV6: 41, SCTP: 132 } as const
export const IPV6 = { V6ONLY: 26 } as const

/** bpf(2). */
export const BPF = { PROG_LOAD: 5, PROG_ATTACH: 8, F_ALLOW_MULTI: 2 } as const
export const BPF_PROG_TYPE = { CGROUP_DEVICE: 15 } as const
export const BPF_CGROUP = { DEVICE: 6 } as const

export const SIG = { BLOCK: 0, UNBLOCK: 1, SETMASK: 2 } as const
export const P = { ALL: 0, PID: 1, PIDFD: 3 } as const
export const W = { NOHANG: 1, EXITED: 4, __WALL: 0x40000000 } as const
export const XATTR = { CREATE: 1, REPLACE: 2 } as const
export const IOPRIO_WHO = { PROCESS: 1, PGRP: 2, USER: 3 } as const
export const MPOL = {
  DEFAULT: 0,
  PREFERRED: 1,
  BIND: 2,
  INTERLEAVE: 3,
  LOCAL: 4,
  PREFERRED_MANY: 5,
  WEIGHTED_INTERLEAVE: 6,
} as const
export const MPOL_F = { NUMA_BALANCING: 0x2000, RELATIVE_NODES: 0x4000, STATIC_NODES: 0x8000 } as const
export const STATX = { BASIC_STATS: 0x7ff } as const
