/**
 * The container's terminal: a pseudo-terminal of its own devpts, whose master goes to whoever started us (pty(7)).
 *
 * TIOCGPTPEER opens the slave from the master without a path, so nothing in the container's /dev can redirect it
 * (CVE-2025-52565).
 */

import { ConfigError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AF, AT, MOVE_MOUNT, OPEN_TREE, RESOLVE, S, SOCK, TC, TIOC } from '../linux/abi/flags.ts'
import type { Config } from '../oci/runtime-spec.ts'
import { CHANNEL, call, each, type Step, slot, struct } from './step.ts'
import type { Tree } from './tree.ts'

export interface TerminalInput {
  /** OCI's --console-socket; without it the monitor holds the terminal. */
  readonly consoleSocket?: string
  /** As runc has it where it passes the output on itself. */
  readonly plainNewlines?: boolean
}

const MASTER = slot('master')
const TERMINAL = slot('terminal')
const CONSOLE_MOUNT = slot('console')
const at = '/process/terminal'

/** Before pivot_root, while the slots of /dev are at hand. */
export function openTerminalSteps(config: Config, tree: Tree, wanted: TerminalInput): Step[] {
  if (!config.process?.terminal) return []
  const devpts = tree.at('/dev/pts')
  if (!devpts) throw new ConfigError(at, 'expected a devpts mount at /dev/pts: a terminal needs one')
  const dev = tree.directory('/dev', at)
  return [
    ...dev.steps,
    call('openat', [devpts, 'ptmx', O.RDWR | O.NOCTTY | O.CLOEXEC, 0], {
      into: MASTER,
      why: 'a new pseudo-terminal',
      at,
    }),
    ...slaveSteps(config, wanted),
    ...sendMasterSteps(wanted.consoleSocket),
    call('open_tree', [TERMINAL, '', OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | AT.EMPTY_PATH], {
      into: CONSOLE_MOUNT,
      why: '/dev/console is the same terminal',
      at,
    }),
    // Not openat(O_CREAT): a /dev with a file open for writing cannot become read-only.
    call('mknodat', [dev.slot, 'console', S.IFREG | 0o600, 0], {
      tolerate: ['EEXIST', 'EROFS'],
      why: 'a file to mount it on',
      at,
    }),
    call('move_mount', [CONSOLE_MOUNT, '', dev.slot, 'console', MOVE_MOUNT.F_EMPTY_PATH], {
      why: 'attach it at /dev/console',
      at,
    }),
  ]
}

/** In the namespaces of a running container: a terminal of its devpts, whatever it has made of its /dev. */
export function openTerminalInsideSteps(config: Config, wanted: TerminalInput): Step[] {
  if (!config.process?.terminal) return []
  const how = {
    flags: O.RDWR | O.NOCTTY | O.CLOEXEC,
    resolve: RESOLVE.NO_SYMLINKS | RESOLVE.NO_MAGICLINKS,
  }
  return [
    call('openat2', [AT.FDCWD, '/dev/pts/ptmx', how], { into: MASTER, why: 'a new pseudo-terminal', at }),
    ...slaveSteps(config, wanted),
    ...sendMasterSteps(wanted.consoleSocket),
  ]
}

/**
 * What a new terminal has (tty_std_termios of the kernel), without ONLCR: c_iflag ICRNL|IXON, c_oflag OPOST, c_cflag
 * B38400|CS8|CREAD, c_lflag ISIG|ICANON|ECHO|ECHOE|ECHOK|ECHOCTL|ECHOKE|IEXTEN, then c_line and c_cc.
 */
const PLAIN_NEWLINES = new Uint8Array([
  ...[0x00, 0x05, 0, 0, 0x01, 0, 0, 0, 0xbf, 0, 0, 0, 0x3b, 0x8a, 0, 0, 0],
  ...[3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0],
])

/** (uid_t) -1 */
const UNCHANGED = 0xffffffff

/** $master becomes a terminal with a slave. Only a master of devpts(5) knows these requests. */
function slaveSteps(config: Config, { plainNewlines }: TerminalInput): Step[] {
  const size = config.process?.consoleSize
  return [
    call('ioctl', [MASTER, TIOC.SPTLCK, struct('int', { value: 0 })], { why: 'unlock its slave', at }),
    call('ioctl', [MASTER, TIOC.GPTPEER, O.RDWR | O.NOCTTY | O.CLOEXEC], {
      into: TERMINAL,
      why: 'open the slave by its master, not by a path that could be redirected',
      at,
    }),
    ...(size
      ? [
          call(
            'ioctl',
            [MASTER, TIOC.SWINSZ, struct('winsize', { ws_row: size.height, ws_col: size.width })],
            { why: 'its size', at: '/process/consoleSize' },
          ),
        ]
      : []),
    ...(plainNewlines
      ? [
          call('ioctl', [TERMINAL, TC.SETS, PLAIN_NEWLINES], {
            why: 'lines end as its program ends them (no ONLCR): where they are shown decides what that takes',
            at,
          }),
        ]
      : []),
    call('fchown', [TERMINAL, config.process?.user?.uid ?? 0, UNCHANGED], {
      tolerate: ['EPERM', 'EINVAL'],
      why: "it is the user's; its group stays the one that devpts gives to terminals",
      at,
    }),
  ]
}

const CONSOLE_SOCKET = slot('console_socket')

function sendMasterSteps(consoleSocket: string | undefined): Step[] {
  const message = { bytes: 't', fds: [MASTER] }
  if (consoleSocket === undefined) {
    return [call('sendmsg', [CHANNEL, message, 0], { why: 'the monitor holds the master end', at })]
  }
  return [
    call('sendmsg', [CONSOLE_SOCKET, { ...message, bytes: '/dev/ptmx' }, 0], {
      why: 'they hold the master end',
      at: '--console-socket',
    }),
  ]
}

/** While the socket's path still leads there. */
export function connectSteps(consoleSocket: string | undefined): Step[] {
  if (consoleSocket === undefined) return []
  return [
    call('socket', [AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC, 0], {
      into: CONSOLE_SOCKET,
      why: 'to whoever asked for the terminal',
      at: '--console-socket',
    }),
    call('connect', [CONSOLE_SOCKET, { sun_family: AF.UNIX, sun_path: consoleSocket }], {
      why: 'to whoever asked for the terminal',
      at: '--console-socket',
    }),
  ]
}

/** The terminal as controlling terminal and standard streams. Needs the session that setsid(2) made. */
export function takeTerminalSteps(config: Config): Step[] {
  if (!config.process?.terminal) return []
  return [
    call('ioctl', [TERMINAL, TIOC.SCTTY, 0], { why: 'signals of its keys reach this session', at }),
    call('dup3', [TERMINAL, each([0, 1, 2]), 0], { why: 'stdin, stdout and stderr', at }),
  ]
}
