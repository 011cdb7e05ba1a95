/** The container's terminal at ours (pty(7), termios(3)): bytes both ways, raw, with the size of our window. */
import { TIOC } from '../abi/flags.ts'
import { attempt } from '../call.ts'
import { writeAll } from '../file.ts'

const TCGETS = 0x5401
const TCSETS = 0x5402
/** Large, so that the kernel fills them in place (call.ts). */
const STABLE_BYTES = 2048
/** struct termios: c_iflag, c_oflag, c_cflag, c_lflag, then c_line and c_cc. */
const [INPUT, OUTPUT, CONTROL, LOCAL] = [0, 1, 2, 3]
const [VTIME, VMIN] = [17 + 5, 17 + 6]
/** What cfmakeraw(3) takes away and adds. */
const RAW = { input: 0o2753, output: 0o1, local: 0o100113, control: 0o460, eightBits: 0o60 } as const

/** @returns what puts the terminal back; nothing to do where `fd` is none */
export function enterRaw(fd: number): () => void {
  const saved = new Uint8Array(STABLE_BYTES)
  if (attempt('ioctl', [fd, TCGETS, saved]) < 0) return () => {}
  const raw = saved.slice()
  const words = new Uint32Array(raw.buffer)
  const clear = (word: number, bits: number): void => {
    words[word] = (words[word] as number) & ~bits
  }
  clear(INPUT as number, RAW.input)
  clear(OUTPUT as number, RAW.output)
  clear(LOCAL as number, RAW.local)
  clear(CONTROL as number, RAW.control)
  words[CONTROL as number] = (words[CONTROL as number] as number) | RAW.eightBits
  raw[VMIN as number] = 1
  raw[VTIME as number] = 0
  attempt('ioctl', [fd, TCSETS, raw])
  const restore = (): void => {
    attempt('ioctl', [fd, TCSETS, saved])
    process.removeListener('exit', restore)
  }
  process.on('exit', restore)
  return restore
}

const size = new Uint8Array(STABLE_BYTES)

/** The size of terminal `from` becomes that of `to`. Cheap enough to be asked again and again. */
export function copyWindowSize(from: number, to: number): void {
  if (attempt('ioctl', [from, TIOC.GWINSZ, size]) === 0 && size.subarray(0, 2).some((byte) => byte !== 0))
    attempt('ioctl', [to, TIOC.SWINSZ, size])
}

const bytes = new Uint8Array(4096)

/** Passes on what is there; false when there is nothing more to come. */
export function pass(from: number, to: number): boolean {
  const got = attempt('read', [from, bytes])
  if (got > 0) writeAll(to, bytes.slice(0, got))
  return got > 0
}
