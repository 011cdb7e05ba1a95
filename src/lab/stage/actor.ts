/**
 * A process that does what it is told: a clone of ourselves (linux/execute-ffi/fork.ts) that answers requests over a
 * socket pair until it is closed. Each request is one message of JSON; a new actor's socket comes back as SCM_RIGHTS.
 */
import { errnoNumber } from '../../linux/abi/errno.ts'
import { PR } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { type Channel, openChannel, receive } from '../../linux/execute-ffi/channel.ts'
import { exit, fork } from '../../linux/execute-ffi/fork.ts'
import { poll } from '../../linux/execute-ffi/poll.ts'
import { decode, encode } from './message.ts'
import { perform, type Request, SIGCHLD } from './operations.ts'

const SIGKILL = 9
const SIGSET_BYTES = 8
/** struct sigaction of the kernel, all zero: SIG_DFL. */
const DEFAULT_ACTION = new Uint8Array(32)
/** What a JavaScript runtime handles for itself where it has a terminal, and a process that plays a part must not. */
const HANDLED = [1, 2, 3, 10, 12, 15]
/** A clone of a process with threads may wait for one that it has not got. Then another is made. */
const TRIES = 5
const PATIENCE_MILLISECONDS = 4000
const MESSAGE_BYTES = 128 * 1024

/** Where an actor is reached, and who it is. */
export interface Actor {
  readonly socket: number
  /** As its parent sees it. */
  readonly pid: number
}

/** A new actor, in new namespaces where `flags` (CLONE_NEW...) say so; or -errno. */
export function startActor(flags: number): Actor | number {
  for (let tries = 1; ; tries++) {
    const channel = openChannel()
    const pid = fork('clone3', [{ flags, exit_signal: SIGCHLD }])
    if (pid === 0) serve(channel)
    attempt('close', [channel.container])
    if (pid > 0 && (answers(channel.parent) || tries === TRIES)) return { socket: channel.parent, pid }
    attempt('close', [channel.parent])
    if (pid < 0) return pid
    attempt('kill', [pid, SIGKILL])
    perform({ do: 'wait', pid, block: true })
  }
}

/** Whether it has said its first word in time. */
function answers(socket: number): boolean {
  if (!poll([socket], PATIENCE_MILLISECONDS)[0]) return false
  attempt('recvfrom', [socket, new Uint8Array(MESSAGE_BYTES), 0, null, null])
  return true
}

/** @throws Error when the actor has ended */
export function ask(socket: number, request: Request): unknown {
  attempt('sendto', [socket, encode(request), 0, null, 0])
  const buffer = new Uint8Array(MESSAGE_BYTES)
  const got = call('recvfrom', [socket, buffer, 0, null, null])
  if (got === 0) throw new Error('Cannot ask a process that has ended')
  return decode(buffer.subarray(0, got))
}

/** The new actor that `asked` has just made: its socket. */
export function takeSocket(asked: number): number {
  const socket = receive(asked, true)?.terminal
  if (socket === undefined) throw new Error('Cannot take a socket: none was sent')
  return socket
}

/** In the child, until its socket is closed. Nothing may reach the frames above: they are the parent's. */
function serve({ parent, container: socket }: Channel): never {
  attempt('close', [parent])
  attempt('prctl', [PR.SET_PDEATHSIG, SIGKILL, 0, 0, 0])
  for (const signal of HANDLED) attempt('rt_sigaction', [signal, DEFAULT_ACTION, 0, SIGSET_BYTES])
  const buffer = new Uint8Array(MESSAGE_BYTES)
  attempt('sendto', [socket, encode(decode(encode({ do: 'link', path: '/proc/self' }))), 0, null, 0])
  for (;;) {
    const got = attempt('recvfrom', [socket, buffer, 0, null, null])
    if (got === 0 || (got < 0 && got !== -4)) exit(0)
    if (got < 0) continue
    const request = decode(buffer.subarray(0, got)) as Request
    const made = request.do === 'fork' ? startActor(request.flags) : undefined
    const answer =
      request.do !== 'fork' ? perform(request) : typeof made === 'number' ? made : (made?.pid ?? 0)
    // One message must hold it all; an answer there must be, or who asked would wait for ever.
    if (attempt('sendto', [socket, encode(answer), 0, null, 0]) < 0)
      attempt('sendto', [socket, encode(-errnoNumber('EMSGSIZE')), 0, null, 0])
    if (typeof made === 'object') handOver(socket, made.socket)
  }
}

function handOver(socket: number, fd: number): void {
  attempt('sendmsg', [socket, { bytes: new Uint8Array([1]), fds: [fd] }, 0])
  attempt('close', [fd])
}
