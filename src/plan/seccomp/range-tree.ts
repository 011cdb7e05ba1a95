/**
 * A function from a 32-bit word to a label, as ranges, and the binary decision tree that computes it. System call
 * numbers and the halves of arguments are both such words.
 */
import { type Assembler, BPF, type Label } from './bpf.ts'

/** Range i is starts[i] to starts[i + 1] - 1, the last one to 2^32 - 1. starts[0] is 0. Neighbours differ in label. */
export interface Ranges {
  readonly starts: number[]
  readonly labels: Label[]
}

export const noRanges = (): Ranges => ({ starts: [], labels: [] })

/** From `start` to the end, `label`, whatever was said of those values before. */
export function addRange(ranges: Ranges, start: number, label: Label): void {
  const { starts, labels } = ranges
  while (starts.length > 0 && starts.at(-1)! >= start) {
    starts.pop()
    labels.pop()
  }
  if (labels.at(-1) === label) return
  starts.push(start)
  labels.push(label)
}

/** This many lone values are asked for one by one rather than divided: an instruction each instead of two. */
const LONE_VALUES = 3

/** Writes the tree; the word is in the accumulator. With one range there is nothing to write. */
export function writeRangeTree(bpf: Assembler, { starts, labels }: Ranges): Label {
  const isLone = (index: number) => starts[index + 1]! - starts[index]! === 1

  /** low to high is `a b a c a`: one label everywhere but at lone values. */
  const isSprinkled = (low: number, high: number) => {
    if ((high - low) % 2 !== 0 || high - low > 2 * LONE_VALUES) return false
    for (let index = low + 1; index < high; index += 2) {
      if (!isLone(index) || labels[index + 1] !== labels[low]) return false
    }
    return true
  }
  const write = (low: number, high: number): Label => {
    if (low === high) return labels[low]!
    if (isSprinkled(low, high)) {
      let otherwise = labels[low]!
      for (let index = high - 1; index > low; index -= 2) {
        otherwise = bpf.branch(BPF.EQUAL, starts[index]!, labels[index]!, otherwise)
      }
      return otherwise
    }
    let middle = (low + high + 1) >> 1
    // Divide before a wide range: a lone value left at the end of the lower half costs one instruction, not two.
    if (middle < high && isLone(middle)) middle++
    const upper = write(middle, high)
    const lower = write(low, middle - 1)
    return bpf.branch(BPF.GREATER_OR_EQUAL, starts[middle]!, upper, lower)
  }
  return write(0, starts.length - 1)
}
