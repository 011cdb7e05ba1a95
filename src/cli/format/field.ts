/** `.Name` of a value: a struct's field or method, or a map's entry (text/template, exec.go evalField). */
import { goType, isStruct, Nil } from './go-value.ts'

export interface FieldAccess {
  /** What stood behind the name: it must be a method. */
  readonly args?: () => unknown[]
  readonly missingKeyFails: boolean
  fail(fact: string): never
}

export function readField(from: unknown, name: string, access: FieldAccess): unknown {
  const { args, missingKeyFails, fail } = access
  const quoted = JSON.stringify(name)
  const missing = (fact: string): undefined => {
    if (missingKeyFails) fail(`${fact} for key ${quoted}`)
    return undefined
  }
  if (from === undefined || from === null) return missing('nil data; no entry')
  if (from instanceof Nil && from.of === 'pointer') fail(`nil pointer evaluating interface {}.${name}`)
  if (from instanceof Nil && from.of === 'map') return missing('map has no entry')
  if (from instanceof Map) {
    if (args) fail(`${name} is not a method but has arguments`)
    return from.has(name) ? from.get(name) : missing('map has no entry')
  }
  if (!isStruct(from) || !(name in from) || name in Object.prototype) {
    return fail(`can't evaluate field ${name} in type ${goType(from)}`)
  }
  const value = from[name]
  if (typeof value === 'function') return callMethod(value.bind(from), name, access)
  if (args) fail(`${name} has arguments but cannot be invoked as function`)
  return value
}

function callMethod(
  method: (...args: unknown[]) => unknown,
  name: string,
  { args, fail }: FieldAccess,
): unknown {
  const values = args?.() ?? []
  if (values.length !== method.length) {
    fail(`wrong number of args for ${name}: want ${method.length} got ${values.length}`)
  }
  return method(...values)
}
