/**
 * The wire format of a plan: what encode.ts writes and native/executor.c reads. native/plan.h is generated from this
 * file (`npm run generate`).
 *
 *     header | records | relocations (u32 offsets) | data
 *
 * All offsets count from the first byte of the image, all integers are little-endian. The executor maps the image
 * privately and adds its address to every word that a relocation names.
 */

export const MAGIC = 0x31706374 // "tcp1"

/** Header: u32 fields by name, in order. */
export const HEADER = [
  'magic',
  'flags',
  'size',
  'records',
  /** Records of the host half are [0, host_end), of the container half [host_end, container_end), then clean-up. */
  'host_end',
  'container_end',
  'cleanup_end',
  'relocations',
  'relocation_count',
  /** Cells of the slots that the executor itself fills. */
  'pid_cell',
  'channel_cell',
  'verdict_cell',
  'start_cell',
  /** argv and envp of the front end that explains a failure: arrays of pointers. */
  'explain_argv',
  'explain_envp',
  /** The text of the plan's input, which the front end compiles again to explain a failed step. */
  'source',
  'source_size',
  /** What is kept of the container once it runs (MONITOR); 0: nothing. */
  'monitor',
] as const

/** u32 fields by name. A text is its offset, 0 where there is none; a cell is that of a slot, 0 where there is none. */
export const MONITOR = [
  'flags',
  /** Text for standard output when the container has started and nobody stays to look on. */
  'announce',
  /** Slots that the executor fills: the container's ends of pipes. */
  'stdin_cell',
  'stdout_cell',
  'stderr_cell',
  /** The open status file (engine/container/status.ts). */
  'status_cell',
  /** The log of events, and the beginnings of its lines: it began, ended, has another size, was let go of. */
  'events',
  'event_began',
  'event_ended',
  'event_resized',
  'event_detached',
  /** Folder of the container's cgroup: says whether the kernel ran out of memory there. */
  'cgroup',
  /** Path of the log, and when the next one begins: bytes (low, high word), how many are kept. */
  'log',
  'log_bytes_low',
  'log_bytes_high',
  'log_files',
  /** Instead of a log: what every entry in the journal says, FIELD=value a line. */
  'journal',
  /** Folder and name of the socket for those who want to look on. */
  'socket_folder',
  /** File with the restart policy. */
  'restart',
  /** argv of the health check, and its times in milliseconds. */
  'health_argv',
  'health_interval',
  'health_start_interval',
  'health_start_period',
  /** The keys that let go of the container: text, and how many bytes. */
  'detach_keys',
  'detach_keys_size',
  /** With MONITOR_FLAG.CLIENT: the connected socket. */
  'client_fd',
] as const

export const MONITOR_FLAG = {
  /** Nobody looks on: leave when the container has started. */
  DETACH: 1,
  /** Only look on: the container is somebody else's, at client_fd. */
  CLIENT: 2,
  /** No monitor of its own: the executor waits in its caller's place, and hands its streams on. */
  DIRECT: 512,
  /** The container's standard input stays open. */
  STDIN: 4,
  /** It ends with the first of those who look on. */
  STDIN_ONCE: 8,
  /** What the one who looks on has attached. */
  ATTACH_STDIN: 16,
  ATTACH_STDOUT: 32,
  ATTACH_STDERR: 64,
  /** Signals of the one who looks on are the container's. */
  SIGNAL_PROXY: 128,
  /** The container has a terminal. */
  TERMINAL: 256,
} as const

/** The signal that tells a monitor not to start its container again. */
export const STAY_DOWN = 62

export const FLAG = {
  /** The monitor holds the master end of the container's terminal. */
  TERMINAL: 1,
  /** The caller's standard input goes to the terminal. */
  INTERACTIVE: 2,
} as const

/** What a record does. */
export const OP = {
  CALL: 0,
  /** args: cell, offset, width in bytes. */
  COPY: 1,
  /** args: cell, offset of the text to write, offsets of the text before and after the number. Results in its length. */
  FORMAT: 2,
  SIGNAL: 3,
  WAIT: 4,
  SPAWN: 5,
  REMOVE_TREE: 6,
  REMOVE_CGROUP: 7,
  COPY_TREE: 8,
  HOOK: 9,
  /** args: socket, bytes, their length; without bytes: a child keeps the socket a little longer (linger). */
  NETLINK: 10,
  /** args: argv, the descriptor that it writes to when it is ready, standard output and error, folder. Results in a pidfd. */
  COMPANION: 11,
} as const

/** Who goes on after a clone3: 0 for every other call. */
export const ROLE = { NONE: 0, CONTAINER: 1, RELAY: 2, INIT: 3, HOLDER: 4 } as const

/** How the executor reads an argument. */
export const ARGUMENT = { VALUE: 0, DATA: 1, SLOT: 2 } as const

export const TOLERATED = 6

/**
 * A record: op u8, role u8, step u16, number u32, into u32, unless u32, kinds u8[6], tolerated u8[6], pad u32, args u64[6].
 */
export const RECORD = {
  op: 0,
  role: 1,
  step: 2,
  number: 4,
  into: 8,
  unless: 12,
  kinds: 16,
  tolerated: 22,
  args: 32,
  size: 80,
} as const

/** A slot that was never filled reads as this: -EBADF, as a call would say of it. */
export const UNFILLED = -9n
