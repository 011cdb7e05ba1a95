/** Lists of processors and memory nodes as cpuset(7) writes them: `0-3,6`. */
import { ConfigError } from '../errors.ts'

const WORD_BITS = 64
/** More than any kernel is built for. */
const MOST = 8192

/** As the kernel takes them: a bit each, in whole words. @throws ConfigError */
export function bitMask(list: string, at: string): Uint8Array {
  const numbers = list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .flatMap((part) => range(part, at))
  const words = Math.floor(Math.max(0, ...numbers) / WORD_BITS) + 1
  const mask = new Uint8Array(words * 8)
  for (const number of numbers) mask[number >> 3] = (mask[number >> 3] as number) | (1 << (number & 7))
  return mask
}

function range(part: string, at: string): number[] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(part)
  const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])]
  if (!match || last < first || last >= MOST)
    throw new ConfigError(at, `expected a list such as 0-3,6 but found "${part}"`)
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}
