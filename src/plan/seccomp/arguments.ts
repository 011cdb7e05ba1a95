/**
 * Rules on arguments as BPF. The accumulator has 32 bits, an argument has 64, so an argument is looked at by halves:
 * a range tree over the upper word whose leaves are range trees over the lower word.
 */
import type { SeccompArch } from '../../linux/abi/seccomp-arch.ts'
import { type Assembler, BPF, type Label } from './bpf.ts'
import { addRange, noRanges, writeRangeTree } from './range-tree.ts'
import type { Condition, Rule } from './rules.ts'

/** offsetof(struct seccomp_data, args) */
const ARGUMENTS = 16
const WORD = 0xffff_ffffn

const lowOffset = ({ bigEndian }: SeccompArch, argument: number) =>
  ARGUMENTS + 8 * argument + (bigEndian ? 4 : 0)
const highOffset = ({ bigEndian }: SeccompArch, argument: number) =>
  ARGUMENTS + 8 * argument + (bigEndian ? 0 : 4)

interface Choice {
  readonly condition: Condition
  readonly label: Label
}

/**
 * Rules cut to the architecture's argument width, as libseccomp does: -1 of a 32-bit process is 0xffffffff, and a mask
 * without a bit in the word asks nothing.
 */
export function fitRule(rule: Rule, { bits }: SeccompArch): Rule {
  const width = bits === 32 ? WORD : (WORD << 32n) | WORD
  const conditions = rule.conditions
    .map((condition) => ({ ...condition, value: condition.value & width, mask: condition.mask & width }))
    .filter(({ mask }) => mask !== 0n)
  return { ...rule, conditions }
}

/** Writes `rules`, each with a condition or more: the first that matches returns, or else `otherwise`. */
export function writeRules(
  bpf: Assembler,
  arch: SeccompArch,
  rules: readonly Rule[],
  otherwise: Label,
): Label {
  let next = otherwise
  for (let last = rules.length - 1; last >= 0; ) {
    const { returns, conditions } = rules[last]!
    const argument = rangeArgument(rules[last]!)
    if (argument === undefined) {
      let label = bpf.return(returns)
      for (const condition of conditions.toReversed())
        label = writeCondition(bpf, arch, condition, label, next)
      next = label
      last--
      continue
    }
    // Neighbours on the same argument are one function of that argument: one tree.
    let first = last
    while (first > 0 && rangeArgument(rules[first - 1]!) === argument) first--
    const choices = rules
      .slice(first, last + 1)
      .map((rule) => ({ condition: rule.conditions[0]!, label: bpf.return(rule.returns) }))
    next = writeChoices(bpf, arch, argument, choices, next)
    last = first - 1
  }
  return next
}

/** The argument of a rule that is ranges of one argument. */
const rangeArgument = ({ conditions }: Rule): number | undefined =>
  conditions.length === 1 && conditions[0]!.operator !== 'MASKED_EQ' ? conditions[0]!.argument : undefined

function writeCondition(
  bpf: Assembler,
  arch: SeccompArch,
  condition: Condition,
  yes: Label,
  no: Label,
): Label {
  if (condition.operator !== 'MASKED_EQ') {
    return writeChoices(bpf, arch, condition.argument, [{ condition, label: yes }], no)
  }
  const { argument, mask, value } = condition
  const low = writeMasked(bpf, lowOffset(arch, argument), Number(mask & WORD), Number(value & WORD), yes, no)
  return writeMasked(bpf, highOffset(arch, argument), Number(mask >> 32n), Number(value >> 32n), low, no)
}

function writeMasked(
  bpf: Assembler,
  offset: number,
  mask: number,
  value: number,
  yes: Label,
  no: Label,
): Label {
  if (mask === 0) return yes
  if (value === 0) bpf.branch(BPF.ANY_BIT, mask, no, yes)
  else {
    bpf.branch(BPF.EQUAL, value, yes, no)
    if (mask !== 0xffff_ffff) bpf.and(mask)
  }
  return bpf.load(offset)
}

function writeChoices(
  bpf: Assembler,
  arch: SeccompArch,
  argument: number,
  choices: readonly Choice[],
  otherwise: Label,
): Label {
  const end = 1n << BigInt(arch.bits)
  const cuts = new Set([0n])
  for (const { condition } of choices)
    for (const [from, to] of intervals(condition, end)) cuts.add(from).add(to)
  cuts.delete(end)

  const upper = noRanges()
  let lower = noRanges()
  const finishLower = (high: bigint) =>
    addRange(upper, Number(high), writeWord(lower, lowOffset(arch, argument)))
  const writeWord = (ranges: typeof lower, offset: number): Label => {
    const label = writeRangeTree(bpf, ranges)
    return ranges.starts.length > 1 ? bpf.load(offset) : label
  }
  let high = 0n
  let current = otherwise
  for (const cut of [...cuts].sort((a, b) => (a < b ? -1 : 1))) {
    if (cut >> 32n !== high) {
      finishLower(high)
      // Upper words without a cut of their own keep the last label whole.
      if (cut >> 32n !== high + 1n) addRange(upper, Number(high + 1n), current)
      high = cut >> 32n
      lower = noRanges()
      if ((cut & WORD) !== 0n) addRange(lower, 0, current)
    }
    current = choices.find(({ condition }) => holds(condition, cut, end))?.label ?? otherwise
    addRange(lower, Number(cut & WORD), current)
  }
  finishLower(high)
  if (high < (end >> 32n) - 1n) addRange(upper, Number(high + 1n), current)
  return writeWord(upper, highOffset(arch, argument))
}

/** Half-open intervals in which the condition holds. */
function intervals({ operator, value }: Condition, end: bigint): [bigint, bigint][] {
  switch (operator) {
    case 'EQ':
      return [[value, value + 1n]]
    case 'NE':
      return [
        [0n, value],
        [value + 1n, end],
      ]
    case 'LT':
      return [[0n, value]]
    case 'LE':
      return [[0n, value + 1n]]
    case 'GE':
      return [[value, end]]
    default:
      return [[value + 1n, end]]
  }
}

const holds = (condition: Condition, word: bigint, end: bigint) =>
  intervals(condition, end).some(([from, to]) => from <= word && word < to)
