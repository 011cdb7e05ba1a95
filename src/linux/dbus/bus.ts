/**
 * A connection to a message bus (D-Bus Specification): calls that wait for their answer, and signals that come between.
 * Whoever waits here has nothing else to do, so every call of it is a plain system call that blocks, for so long.
 */
import { StateError } from '../../errors.ts'
import { E } from '../abi/errno.ts'
import { AF, SO, SOCK, SOL } from '../abi/flags.ts'
import { attempt, call } from '../call.ts'
import { writeAll } from '../file.ts'
import type { Value } from './marshal.ts'
import { decodeMessage, encodeCall, type Fields, MESSAGE, type Message, messageLength } from './message.ts'

/** What the other side refused. */
export class BusError extends StateError {
  override name = 'BusError'
  /** `org.freedesktop.systemd1.UnitExists` */
  readonly errorName: string

  constructor(errorName: string, text: string) {
    super(text)
    this.errorName = errorName
  }
}

export interface Bus {
  /** @returns the body of the answer. @throws BusError, StateError when none comes */
  call(fields: Fields, values?: readonly Value[]): readonly Value[]
  /** The first signal that `fits`; those that came before a call's answer are kept. @throws StateError when none comes */
  signal(fits: (message: Message) => boolean): Message
  close(): void
}

const WAIT_SECONDS = 30n
const CHUNK = 16 * 1024

/** @param path of the bus's socket. @throws StateError, where nobody listens too */
export function connectBus(path: string): Bus {
  const socket = call('socket', [AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC, 0])
  const answer = attempt('connect', [socket, { sun_family: AF.UNIX, sun_path: path }])
  if (answer < 0) {
    call('close', [socket])
    throw new StateError(`no message bus answers at ${path}`)
  }
  const time = new Uint8Array(new BigInt64Array([WAIT_SECONDS, 0n]).buffer)
  call('setsockopt', [socket, SOL.SOCKET, SO.RCVTIMEO, time])
  authenticate(socket)
  const bus = new Connection(socket)
  bus.call({ ...BUS, member: 'Hello' })
  return bus
}

const BUS = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
} as const

/** Nobody is named: the kernel tells who we are (SO_PEERCRED), whatever our user namespace calls us. */
function authenticate(socket: number): void {
  writeAll(socket, new TextEncoder().encode('\0AUTH EXTERNAL\r\nDATA\r\n'))
  let said = ''
  while (!/^OK .*\r\n/m.test(said)) {
    if (/^(REJECTED|ERROR)/m.test(said)) throw new StateError(`the message bus refuses us: ${said.trim()}`)
    said += new TextDecoder().decode(receive(socket))
  }
  writeAll(socket, new TextEncoder().encode('BEGIN\r\n'))
}

function receive(socket: number): Uint8Array {
  const buffer = new Uint8Array(CHUNK)
  for (;;) {
    const got = attempt('recvfrom', [socket, buffer, 0, null, null])
    if (got === -E.INTR) continue
    if (got === -E.AGAIN) throw new StateError(`no answer came from the message bus within ${WAIT_SECONDS} s`)
    if (got <= 0) throw new StateError('the message bus has closed the connection')
    return buffer.subarray(0, got)
  }
}

class Connection implements Bus {
  private readonly socket: number
  private serial = 0
  private received = new Uint8Array(0)
  private readonly signals: Message[] = []

  constructor(socket: number) {
    this.socket = socket
  }

  call(fields: Fields, values: readonly Value[] = []): readonly Value[] {
    const serial = ++this.serial
    writeAll(this.socket, encodeCall(serial, fields, values))
    for (;;) {
      const message = this.next()
      if (message.type === MESSAGE.SIGNAL) this.signals.push(message)
      else if (message.replySerial !== serial) continue
      else if (message.type !== MESSAGE.ERROR) return message.body
      else throw new BusError(message.errorName ?? '', String(message.body[0] ?? message.errorName))
    }
  }

  signal(fits: (message: Message) => boolean): Message {
    for (;;) {
      const message = this.signals.shift() ?? this.next()
      if (message.type === MESSAGE.SIGNAL && fits(message)) return message
    }
  }

  close(): void {
    attempt('close', [this.socket])
  }

  private next(): Message {
    for (;;) {
      const length = messageLength(this.received)
      if (length !== undefined && this.received.length >= length) {
        const message = decodeMessage(this.received.slice(0, length))
        this.received = this.received.slice(length)
        return message
      }
      const more = receive(this.socket)
      const joined = new Uint8Array(this.received.length + more.length)
      joined.set(this.received)
      joined.set(more, this.received.length)
      this.received = joined
    }
  }
}
