/**
 * A network without root: a program (pasta(1), slirp4netns(1)) enters the container's user and network namespaces, makes a
 * tap device there, and passes on what goes through it over ordinary sockets of the caller's.
 *
 * It is a child of whoever waits for the container and is killed with them; it says that it is ready through a FIFO,
 * which every version of both can write to.
 */
import { O } from '../linux/abi/arch.ts'
import { AT, F, F_SEAL, MFD, P, S, W } from '../linux/abi/flags.ts'
import { devicesMade } from './network.ts'
import { call, composed, PID, type Step, slot, template } from './step.ts'

export interface NetworkProgram {
  /** The program's path first; `$pid` becomes the container's process. */
  readonly argv: readonly string[]
  /** Where it is started, and finds the FIFO: paths of sockets are short (unix(7)). */
  readonly folder: string
  /** Run when it is there: publishes ports. */
  readonly publisher?: readonly string[]
}

/** What the program says: read from there when it fails, by its name in /proc/self/fd. */
export const NETWORK_OUTPUT_NAME = 'tinyctr-network-output'

/** The FIFO. */
export const READY_NAME = 'network-ready'

const FOLDER = slot('network_folder')
const READY = slot('network_ready')
const OUTPUT = slot('network_output')
const PROGRAM = slot('network_program')
const at = '--network'
const SIGKILL = 9
const PATIENCE_MILLISECONDS = 30_000

/** Host steps when the container has its identity: its program must be root of its user namespace. */
export function networkProgramSteps(program: NetworkProgram | undefined): Step[] {
  if (!program) return []
  const name = (program.argv[0] as string).replace(/.*\//, '')
  return [
    call('openat', [AT.FDCWD, program.folder, O.PATH | O.DIRECTORY | O.CLOEXEC, 0], {
      into: FOLDER,
      why: `where ${name} puts what it has of files`,
      at,
    }),
    call('mknodat', [FOLDER, READY_NAME, S.IFIFO | 0o600, 0], {
      why: `where ${name} says that it is ready`,
      at,
    }),
    call('openat', [FOLDER, READY_NAME, O.RDWR | O.NONBLOCK | O.CLOEXEC, 0], {
      into: READY,
      why: 'to be there before it writes',
      at,
    }),
    call('memfd_create', [NETWORK_OUTPUT_NAME, MFD.ALLOW_SEALING], {
      into: OUTPUT,
      why: `what ${name} says, for when it fails; it outlives our execve`,
      at,
    }),
    composed(
      'companion',
      [program.argv.map((word) => (word === '$pid' ? template('', PID, '') : word)), READY, OUTPUT, FOLDER],
      { into: PROGRAM, why: `set up the network with ${name}`, at },
    ),
    ...publishSteps(program.publisher),
    call('fcntl', [OUTPUT, F.ADD_SEALS, F_SEAL.GROW], {
      why: 'what it says from now on is nobody’s to keep',
      at,
    }),
    devicesMade(),
  ]
}

const publishSteps = (argv: readonly string[] | undefined): Step[] =>
  argv
    ? [
        composed('hook', [argv[0] as string, argv, ['HOME=/'], READY, OUTPUT, PATIENCE_MILLISECONDS], {
          why: 'let its published ports lead to it',
          at: '--publish',
        }),
      ]
    : []

/** Clean-up steps: a container that is started again gets a new one. */
export const endNetworkProgramSteps = (program: NetworkProgram | undefined): Step[] =>
  program
    ? [
        call('pidfd_send_signal', [PROGRAM, SIGKILL, 0, 0], {
          why: 'its network has nobody to serve',
          at,
          tolerate: ['ESRCH'],
        }),
        call('waitid', [P.PIDFD, PROGRAM, null, W.EXITED, null], {
          why: 'its ports are free before anybody asks for them again',
          at,
          tolerate: ['ECHILD'],
        }),
      ]
    : []
