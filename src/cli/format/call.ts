/** Functions that a template calls: their arguments are counted and checked as Go's reflection does, then they run. */
import { booleanFunctions, type Signature, signatures } from './functions.ts'
import { goType, isInteger, isTrue } from './go-value.ts'
import { type Operand, printOperand } from './node.ts'

export interface Call {
  readonly operands: readonly Operand[]
  value(operand: Operand): unknown
  /** What the pipeline hands over: it becomes the last argument. */
  readonly last?: unknown
  fail(fact: string, operand?: Operand): never
  /** The function itself failed. */
  failed(fact: string): never
}

export const functions: { has(name: string): boolean } = {
  has: (name) => Object.hasOwn(signatures, name) || booleanFunctions.has(name),
}

/** @param replacement runs in the function's place */
export function callFunction(
  name: string,
  call: Call,
  replacement: ((...args: unknown[]) => unknown) | undefined,
): unknown {
  if (booleanFunctions.has(name)) return decide(name as 'and' | 'or', call)
  const signature = signatures[name]!
  const last = 'last' in call ? [call.last] : []
  checkCount(name, signature, call.operands.length + last.length, call)
  const args = [...call.operands.map((operand, i) => argument(operand, kindAt(signature, i), call)), ...last]
  if (last.length > 0) checkKind(call.last, kindAt(signature, args.length - 1), call)
  try {
    return (replacement ?? (signature.run as (...args: unknown[]) => unknown))(...args)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return call.failed(`error calling ${name}: ${error.message}`)
  }
}

const kindAt = ({ takes, rest }: Signature, i: number) => takes[i] ?? rest ?? 'any'

function checkCount(name: string, { takes, rest }: Signature, got: number, call: Call): void {
  const want = takes.length
  if (rest === undefined ? got === want : got >= want) return
  call.fail(
    `wrong number of args for ${name}: want ${rest === undefined ? '' : 'at least '}${want} got ${got}`,
  )
}

function argument(operand: Operand, kind: string, call: Call): unknown {
  const isConstant = operand.is === 'string' || operand.is === 'number' || operand.is === 'bool'
  const value = call.value(operand)
  if (isConstant && !fits(value, kind)) {
    const expected = kind === 'int' ? 'integer' : kind
    call.fail(`expected ${expected}; found ${printOperand(operand)}`, operand)
  }
  checkKind(value, kind, call, operand)
  return value
}

function fits(value: unknown, kind: string): boolean {
  if (kind === 'string') return typeof value === 'string'
  if (kind === 'int') return isInteger(value)
  if (kind === 'strings') return Array.isArray(value) && value.every((one) => typeof one === 'string')
  return true
}

function checkKind(value: unknown, kind: string, call: Call, operand?: Operand): void {
  if (fits(value, kind)) return
  const wanted = kind === 'strings' ? '[]string' : kind
  if (value === undefined) call.fail(`invalid value; expected ${wanted}`, operand)
  call.fail(`wrong type for value; expected ${wanted}; got ${goType(value)}`, operand)
}

/** Nothing after the operand that decides is looked at. */
function decide(name: 'and' | 'or', call: Call): unknown {
  if (call.operands.length === 0 && !('last' in call)) {
    return call.fail(`wrong number of args for ${name}: want at least 1 got 0`)
  }
  let value: unknown
  for (const operand of call.operands) {
    value = call.value(operand)
    if (isTrue(value) === (name === 'or')) return value
  }
  return 'last' in call ? call.last : value
}
