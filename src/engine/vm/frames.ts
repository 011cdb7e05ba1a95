/** The frames of a machine's channel (native/guest.c): a type, a length of 16 bits, so many bytes. */
import { attempt } from '../../linux/call.ts'
import { poll } from '../../linux/execute-ffi/poll.ts'
import { writeAll } from '../../linux/file.ts'
import type { Machine } from './boot.ts'

const HEAD_BYTES = 4
const LARGEST = 65535
/** A kernel that has not come up by then never will: emulated, on a busy host, it takes half a minute. */
export const BOOT_MILLISECONDS = 180_000

export interface Frame {
  readonly type: string
  readonly bytes: Uint8Array
}

/** @returns the frames that are whole now; undefined at the end of the channel */
export function frameReader(channel: number): () => Frame[] | undefined {
  const chunk = new Uint8Array(LARGEST)
  let rest = Buffer.alloc(0)
  return () => {
    const got = attempt('read', [channel, chunk])
    if (got <= 0) return undefined
    rest = Buffer.concat([rest, chunk.subarray(0, got)])
    const frames: Frame[] = []
    while (rest.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + rest.readUInt16LE(2)
      if (rest.length < end) break
      frames.push({
        type: String.fromCharCode(rest[0] as number),
        bytes: Uint8Array.from(rest.subarray(HEAD_BYTES, end)),
      })
      rest = rest.subarray(end)
    }
    return frames
  }
}

export function frame(type: string, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(HEAD_BYTES + bytes.length)
  whole[0] = type.charCodeAt(0)
  new DataView(whole.buffer).setUint16(2, bytes.length, true)
  whole.set(bytes, HEAD_BYTES)
  return whole
}

export const numberIn = (bytes: Uint8Array): number => Buffer.from(bytes).readInt32LE()

/** What a program without input says, as it comes, until it has ended; then the machine is turned off. */
export function* listen(machine: Machine): Generator<Frame> {
  const read = frameReader(machine.channel)
  try {
    if (!poll([machine.channel], BOOT_MILLISECONDS)[0]) return
    for (let frames = read(); frames !== undefined; frames = read()) {
      for (const one of frames) {
        if (one.type === 'R') writeAll(machine.channel, frame('I', new Uint8Array()))
        else if (one.type === 'X') return
        else yield one
      }
    }
  } finally {
    machine.kill()
    machine.ended(true)
    attempt('close', [machine.channel])
  }
}
