/** A filter for people: one line an instruction, jumps by line number, system calls and verdicts by name. */
import {
  type SeccompArchitecture,
  seccompArch,
  seccompArchitectures,
  X32_SYSCALL_BIT,
} from '../../linux/abi/seccomp-arch.ts'
import { syscallNumbers } from '../../linux/abi/syscall-numbers/parse.ts'
import { BPF } from './bpf.ts'
import { RETURN } from './rules.ts'

/** What is known where an instruction begins: the architecture, and which word the accumulator holds. */
interface Known {
  readonly audit: number | undefined
  readonly word: string | undefined
}

const ARGUMENTS = 16

/**
 * `program` is struct sock_filter[], as compileSeccomp makes it.
 *
 *    0  load arch
 *    1  unless arch == SCMP_ARCH_X86_64 go 11
 *    2  load nr
 *    3  if nr >= 56 clone go 5
 */
export function printFilter(program: Uint8Array): string {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength)
  const count = program.length / 8
  const known: (Known | undefined)[] = [{ audit: undefined, word: undefined }]
  const learn = (line: number, { audit, word }: Known) => {
    const before = known[line]
    known[line] = before
      ? {
          audit: before.audit === audit ? audit : undefined,
          word: before.word === word ? word : undefined,
        }
      : { audit, word }
  }
  const lines: string[] = []
  for (let line = 0; line < count; line++) {
    const code = view.getUint16(line * 8, true)
    const yes = line + 1 + view.getUint8(line * 8 + 2)
    const no = line + 1 + view.getUint8(line * 8 + 3)
    const operand = view.getUint32(line * 8 + 4, true)
    const here = known[line] ?? { audit: undefined, word: undefined }
    let text: string
    switch (code) {
      case BPF.LOAD: {
        const word = wordName(operand, here.audit)
        learn(line + 1, { ...here, word })
        text = `load ${word}`
        break
      }
      case BPF.AND:
        learn(line + 1, { ...here, word: `(${here.word} & ${hex(operand)})` })
        text = `and ${hex(operand)}`
        break
      case BPF.JUMP:
        learn(line + 1 + operand, here)
        text = `go ${line + 1 + operand}`
        break
      case BPF.RETURN:
        text = `return ${verdictName(operand)}`
        break
      default: {
        const isArch = here.word === 'arch' && code === BPF.EQUAL
        learn(yes, isArch ? { ...here, audit: operand } : here)
        learn(no, here)
        const test = `${here.word ?? 'word'} ${sign(code)} ${operandName(here, operand)}`
        if (no === line + 1) text = `if ${test} go ${yes}`
        else if (yes === line + 1) text = `unless ${test} go ${no}`
        else text = `if ${test} go ${yes} else ${no}`
      }
    }
    lines.push(`${String(line).padStart(4)}  ${text}`)
  }
  return `${lines.join('\n')}\n`
}

const hex = (value: number) => `0x${value.toString(16)}`

function sign(code: number): string {
  if (code === BPF.EQUAL) return '=='
  if (code === BPF.GREATER_OR_EQUAL) return '>='
  return code === BPF.ANY_BIT ? 'has a bit of' : `?${hex(code)}?`
}

function wordName(offset: number, audit: number | undefined): string {
  if (offset === 0) return 'nr'
  if (offset === 4) return 'arch'
  if (offset < ARGUMENTS) return `seccomp_data[${offset}]`
  const argument = (offset - ARGUMENTS) >> 3
  const isBigEndian = seccompArchitectures.some((name) => {
    const arch = seccompArch(name)
    return arch.audit === audit && arch.bigEndian
  })
  const isUpper = ((offset & 4) !== 0) !== isBigEndian
  return `args[${argument}].${isUpper ? 'high' : 'low'}`
}

function operandName({ audit, word }: Known, operand: number): string {
  if (word === 'arch') {
    return seccompArchitectures.find((name) => seccompArch(name).audit === operand) ?? hex(operand)
  }
  if (word !== 'nr') return hex(operand)
  if (operand === X32_SYSCALL_BIT) return '__X32_SYSCALL_BIT'
  const name = audit === undefined ? undefined : callName(audit, operand)
  return name ? `${operand} ${name}` : String(operand)
}

const namesOf = new Map<SeccompArchitecture, Map<number, string>>()

function callName(audit: number, number: number): string | undefined {
  for (const architecture of seccompArchitectures) {
    if (seccompArch(architecture).audit !== audit) continue
    let names = namesOf.get(architecture)
    if (!names) {
      names = new Map([...syscallNumbers(architecture)].map(([name, value]) => [value, name]))
      namesOf.set(architecture, names)
    }
    const name = names.get(number)
    if (name) return name
  }
  return undefined
}

function verdictName(returns: number): string {
  const action = (returns & 0xffff_0000) >>> 0
  const data = returns & 0xffff
  const name = Object.entries(RETURN).find(([, value]) => value === action)?.[0] ?? hex(action)
  return data === 0 ? name : `${name} ${data}`
}
