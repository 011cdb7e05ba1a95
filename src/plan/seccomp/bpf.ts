/**
 * Classic BPF, assembled from its last instruction to its first: jumps only lead forward, so whatever a jump leads
 * to is already in place when the jump is written. linux/filter.h; the kernel checks programs in seccomp_check_filter().
 *
 * The instructions are LD ABS, JA, JEQ, JGE, JSET, AND and RET on purpose: these the kernel can evaluate when a filter
 * is loaded (seccomp_is_const_allow(), Linux 5.11), and then it never runs the filter for calls that are always allowed.
 */
import { ConfigError } from '../../errors.ts'

/** BPF_CLASS | BPF_MODE or BPF_OP | BPF_SIZE or BPF_SRC */
export const BPF = {
  LOAD: 0x20, // BPF_LD | BPF_W | BPF_ABS
  JUMP: 0x05, // BPF_JMP | BPF_JA
  EQUAL: 0x15, // BPF_JMP | BPF_JEQ | BPF_K
  GREATER_OR_EQUAL: 0x35, // BPF_JMP | BPF_JGE | BPF_K
  ANY_BIT: 0x45, // BPF_JMP | BPF_JSET | BPF_K
  AND: 0x54, // BPF_ALU | BPF_AND | BPF_K
  RETURN: 0x06, // BPF_RET | BPF_K
} as const

/** BPF_MAXINSNS */
const MAX_INSTRUCTIONS = 4096
/** jt and jf are bytes; less two, so that a stepping stone for one target never puts the other out of reach. */
const REACH = 255 - 2

/** An instruction, by its distance from the program's end. */
export type Label = number

export interface Assembler {
  /** Offset into seccomp_data of a word to load, going on at the label written last. */
  load(offset: number): Label
  and(mask: number): Label
  branch(test: number, operand: number, yes: Label, no: Label): Label
  /** Equal values share an instruction while it is in reach. */
  return(value: number): Label
  /** struct sock_filter[], first instruction first. Throws {@link ConfigError} past BPF_MAXINSNS. */
  finish(): Uint8Array
}

export function assembler(): Assembler {
  const heads: number[] = []
  const operands: number[] = []
  const returns = new Map<number, Label>()

  const write = (head: number, operand: number): Label => {
    operands.push(operand)
    return heads.push(head) - 1
  }
  /** A label in reach of the next instruction that does what `label` does. */
  const near = (label: Label): Label => {
    if (heads.length - label <= REACH) return label
    if (heads[label] !== BPF.RETURN) return write(BPF.JUMP, heads.length - 1 - label)
    // A return is as short as a jump to it, and faster.
    const value = operands[label]!
    const shared = returns.get(value)!
    if (heads.length - shared <= REACH) return shared
    const copy = write(BPF.RETURN, value)
    returns.set(value, copy)
    return copy
  }
  return {
    load: (offset) => write(BPF.LOAD, offset),
    and: (mask) => write(BPF.AND, mask),
    branch(test, operand, yes, no) {
      const yesLabel = near(yes)
      const noLabel = near(no)
      const last = heads.length - 1
      return write(test | ((last - yesLabel) << 16) | ((last - noLabel) << 24), operand)
    },
    return(value) {
      let label = returns.get(value)
      if (label === undefined) {
        label = write(BPF.RETURN, value)
        returns.set(value, label)
      }
      return label
    },
    finish() {
      const count = heads.length
      if (count > MAX_INSTRUCTIONS) {
        throw new ConfigError(
          '/linux/seccomp',
          `Cannot compile the seccomp profile: it takes ${count} BPF instructions, the kernel takes ${MAX_INSTRUCTIONS}`,
        )
      }
      // x64 and arm64 alike are little endian; so is the array.
      const words = new Uint32Array(count * 2)
      for (let index = 0; index < count; index++) {
        words[index * 2] = heads[count - 1 - index]!
        words[index * 2 + 1] = operands[count - 1 - index]!
      }
      return new Uint8Array(words.buffer)
    },
  }
}
