/** Go's eq and lt: only what is of one kind may be compared. */
import { isNumber, isStruct, Nil } from './go-value.ts'

const kindOf = (value: unknown): string => {
  if (isNumber(value)) return typeof value === 'bigint' || Number.isInteger(value) ? 'int' : 'float'
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value
  return ''
}

/** Whether the first equals one of the others. @throws RangeError */
export function equalsAny(first: unknown, ...others: unknown[]): boolean {
  if (others.length === 0) throw new RangeError('missing argument for comparison')
  for (const other of others) if (equals(first, other)) return true
  return false
}

function equals(a: unknown, b: unknown): boolean {
  if (isNil(a) || isNil(b)) return isNil(a) && isNil(b)
  for (const value of [a, b]) {
    if (Array.isArray(value) || value instanceof Map || isStruct(value)) {
      throw new RangeError(
        `non-comparable type ${value instanceof Map ? 'map' : Array.isArray(value) ? 'slice' : 'struct'}`,
      )
    }
  }
  if (kindOf(a) !== kindOf(b)) throw new RangeError('incompatible types for comparison')
  // A bigint equals the number of its value.
  // biome-ignore lint/suspicious/noDoubleEquals: see above
  return a == b
}

const isNil = (value: unknown): boolean => value === undefined || value === null || value instanceof Nil

/** @throws RangeError */
export function compareValues(a: unknown, b: unknown): number {
  const kind = kindOf(a)
  if (kind === '' || kind === 'boolean' || kindOf(b) === '')
    throw new RangeError('invalid type for comparison')
  if (kind !== kindOf(b)) throw new RangeError('incompatible types for comparison')
  const [x, y] = [a as string | number, b as string | number]
  return x < y ? -1 : x > y ? 1 : 0
}
