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

/** So many lone values are asked for one by one, an instruction each, where dividing would take two. */
const LONE_VALUES = 3

/** Writes the tree; the word is in the accumulator. With one range there is nothing to write. */
export function writeRangeTree(bpf: Assembler, { starts, labels }: Ranges): Label {
  const groups = groupRanges({ starts, labels })
  const lastOf = (group: number) => (groups[group + 1] ?? starts.length) - 1

  const writeGroup = (group: number): Label => {
    const first = groups[group]!
    let otherwise = labels[first]!
    for (let lone = lastOf(group) - 1; lone > first; lone -= 2) {
      otherwise = bpf.branch(BPF.EQUAL, starts[lone]!, labels[lone]!, otherwise)
    }
    return otherwise
  }
  const write = (low: number, high: number): Label => {
    if (low === high) return writeGroup(low)
    const middle = (low + high + 1) >> 1
    const upper = write(middle, high)
    const lower = write(low, middle - 1)
    return bpf.branch(BPF.GREATER_OR_EQUAL, starts[groups[middle]!]!, upper, lower)
  }
  return write(0, groups.length - 1)
}

/** Where the leaves of the tree begin: a range, or `a b a c a`, a range that lone values interrupt. */
function groupRanges({ starts, labels }: Ranges): number[] {
  const groups: number[] = []
  for (let index = 0; index < starts.length; index++) {
    groups.push(index)
    const furthest = index + 2 * LONE_VALUES
    while (
      index < furthest &&
      starts[index + 2]! - starts[index + 1]! === 1 &&
      labels[index + 2] === labels[index]
    ) {
      index += 2
    }
  }
  return groups
}
