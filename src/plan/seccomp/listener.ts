/**
 * The agent of a profile with SCMP_ACT_NOTIFY (seccomp_unotify(2); runtime-spec config-linux.md, "Seccomp" and "The
 * Container Process State"): whoever listens at `listenerPath` gets the descriptor at which filtered calls wait for an
 * answer, and one message that says whose they are. Linux 5.6 (pidfd_getfd(2)).
 *
 * The container cannot send the descriptor: its filter may forbid it, or ask the agent who has nothing yet. The host
 * fetches it, by its number, which it learns before there is a filter: the container leaves it in the offset of a file
 * that both have open.
 */
import { ConfigError } from '../../errors.ts'
import { AF, F, MFD, SEEK, SOCK } from '../../linux/abi/flags.ts'
import type { Slot } from '../../linux/abi/kinds.ts'
import type { Config, Status } from '../../oci/runtime-spec.ts'
import { type HookState, publicState } from '../hooks.ts'
import { barrier, CHANNEL, call, each, PID, type Step, slot, template } from '../step.ts'
import { SECCOMP_FILTER_FLAG, seccompFlags } from './flags.ts'

/** What the agent is told of the container; a process of an exec comes to one that has its own pid. */
export interface ListenerState {
  readonly state: HookState
  readonly status: Status
  /** Without it the process is the container's first. */
  readonly containerPid?: number
}

const LISTENING = 6
const HANDED_OVER = 7
const AT = '/linux/seccomp/listenerPath'

const [NUMBER, AGENT, FILTERED, FD, LISTENER] = [
  'listener_number',
  'agent',
  'filtered',
  'listener_fd',
  'listener',
].map(slot) as [Slot, Slot, Slot, Slot, Slot]

/** Whether the filter has an agent that is asked. */
export function isListening({ linux }: Config): boolean {
  const seccomp = linux?.seccomp
  return seccomp !== undefined && (seccompFlags(seccomp) & SECCOMP_FILTER_FLAG.NEW_LISTENER) !== 0
}

/** Host, before there is a container. */
export function connectAgentSteps(config: Config): Step[] {
  if (!isListening(config)) return []
  const address = { sun_family: AF.UNIX, sun_path: config.linux?.seccomp?.listenerPath as string }
  return [
    call('memfd_create', ['seccomp listener', MFD.CLOEXEC], {
      into: NUMBER,
      why: 'a file of which host and container share the offset',
      at: AT,
    }),
    call('socket', [AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC, 0], {
      into: AGENT,
      why: 'to the agent that answers for system calls',
      at: AT,
    }),
    call('connect', [AGENT, address], { why: 'before there is a container: it must be there', at: AT }),
  ]
}

/** What of ours the container still needs until its filter is in force. */
export const listenerFiles = (config: Config): Slot[] => (isListening(config) ? [NUMBER] : [])

/** Container, around the call that installs the filter: no other descriptor may be opened in between. */
export function listenedSteps(config: Config, seccompCall: readonly Step[]): Step[] {
  if (!isListening(config)) return [...seccompCall]
  const next = slot('next_fd')
  return [
    call('fcntl', [CHANNEL, F.DUPFD_CLOEXEC, 0], { into: next, why: 'the lowest free number', at: AT }),
    call('lseek', [NUMBER, next, SEEK.SET], { why: 'is told to the host', at: AT }),
    call('close', [next], { why: 'and is the one that the listener gets', at: AT }),
    ...seccompCall,
    barrier(LISTENING, 'signal', 'the filter is in force'),
    barrier(HANDED_OVER, 'wait', 'from here on there is somebody to answer'),
  ]
}

/** Host, while the container waits for it. */
export function handOverSteps(config: Config, told: ListenerState | undefined): Step[] {
  if (!isListening(config)) return []
  if (!told)
    throw new ConfigError(AT, 'expected none: only an OCI container has the state that an agent is told')
  return [
    barrier(LISTENING, 'wait', 'the filter is in force'),
    call('lseek', [NUMBER, 0, SEEK.CUR], { into: FD, why: "the listener's number in there", at: AT }),
    call('pidfd_open', [PID, 0], { into: FILTERED, why: 'the process that has it', at: AT }),
    call('pidfd_getfd', [FILTERED, FD, 0], { into: LISTENER, why: 'the listener itself', at: AT }),
    call('sendmsg', [AGENT, { bytes: processState(config, told), fds: [LISTENER] }, 0], {
      why: 'the agent has it, and knows whose it is',
      at: AT,
    }),
    call('close', [each([LISTENER, AGENT, FILTERED, NUMBER])], {
      why: 'nobody else has it: when the agent ends, so do the calls that wait for it (ENOSYS)',
      at: AT,
    }),
    barrier(HANDED_OVER, 'signal', 'there is somebody to answer'),
  ]
}

/** The Container Process State, in the order of its Go type. */
function processState(config: Config, { state, status, containerPid }: ListenerState) {
  const metadata = config.linux?.seccomp?.listenerMetadata
  const { ociVersion, id, ...rest } = publicState(state)
  const told = { ociVersion, fds: ['seccompFd'] }
  const head = JSON.stringify(told).slice(0, -1)
  const about = metadata === undefined ? '' : `,"metadata":${JSON.stringify(metadata)}`
  const container = JSON.stringify({ ociVersion, id, status }).slice(0, -1)
  const tail = `,${JSON.stringify(rest).slice(1)}}`
  const first = template(`${head},"pid":`, PID, `${about},"state":${container},"pid":`)
  return containerPid === undefined ? [first, template('', PID, tail)] : [first, `${containerPid}${tail}`]
}
