/**
 * Values as a Go template sees them. Strings, booleans and numbers are themselves, a list is an array, a map with keys
 * that data chose is a Map, and an object whose keys a program chose is a struct. `undefined` is Go's "no value".
 */
import { hasTypeName, typeName } from './struct.ts'

type NilOf = 'list' | 'map' | 'pointer' | 'text'

/** A nil that has a type: it prints as that type's empty value; in JSON it is null, or (omitempty) nothing at all. */
export class Nil {
  readonly of: NilOf
  readonly omitted: boolean

  constructor(of: NilOf, omitted = false) {
    this.of = of
    this.omitted = omitted
  }

  toJSON(): null {
    return null
  }
}

export const isNumber = (value: unknown): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint'

export const isInteger = (value: unknown): value is number | bigint =>
  typeof value === 'bigint' || Number.isInteger(value)

export const isStruct = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Map) &&
  !(value instanceof Nil)

/** As Go's %T says it. */
export function goType(value: unknown): string {
  if (value === undefined || value === null) return '<nil>'
  if (isNumber(value)) return isInteger(value) ? 'int' : 'float64'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (Array.isArray(value))
    return value.every((one) => typeof one === 'string') ? '[]string' : '[]interface {}'
  if (value instanceof Map) return `map[string]${isOfStrings(value) ? 'string' : 'interface {}'}`
  if (value instanceof Nil)
    return value.of === 'list' ? '[]string' : value.of === 'map' ? 'map[string]string' : 'ptr'
  return hasTypeName(value) ? value[typeName] : 'struct'
}

export function isOfStrings(map: ReadonlyMap<string, unknown>): boolean {
  for (const value of map.values()) if (typeof value !== 'string') return false
  return true
}

/** Go prints maps and walks through them in the order of their keys. */
export const sortedEntries = (map: ReadonlyMap<string, unknown>): [key: string, value: unknown][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))

/** Empty and zero are false; a struct never is. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof Map) return value.size > 0
  if (value instanceof Nil) return false
  return Boolean(value)
}

/** As Go's %v; in a template, no value is `<no value>`. */
export function printValue(value: unknown): string {
  if (value === undefined || value === null) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(printValue).join(' ')}]`
  if (value instanceof Map) {
    return `map[${sortedEntries(value)
      .map(([key, one]) => `${key}:${printValue(one)}`)
      .join(' ')}]`
  }
  if (value instanceof Nil) return { list: '[]', map: 'map[]', pointer: '<nil>', text: '' }[value.of]
  if (isStruct(value)) return `{${Object.values(value).map(printValue).join(' ')}}`
  return isNumber(value) ? printNumber(value) : String(value)
}

/** A float as %v has it: the shortest digits, an exponent from 1e21 on and below 1e-4. */
export function printNumber(value: number | bigint): string {
  if (typeof value === 'bigint' || Number.isInteger(value)) return BigInt(value).toString()
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
  const text = Math.abs(value) < 1e-4 ? value.toExponential() : String(value)
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

/**
 * Go's encoding/json: a map's keys are sorted, a struct's stand as declared. HTML's characters are escaped only in a row
 * of a list, as Docker has it.
 */
export function goJson(value: unknown, indent?: string): string {
  const text = JSON.stringify(ordered(value), undefined, indent) ?? 'null'
  return text.replaceAll(hasTypeName(value) ? /[<>&\u2028\u2029]/g : /[\u2028\u2029]/g, unicodeEscape)
}

const unicodeEscape = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

function ordered(value: unknown): unknown {
  if (value instanceof Map)
    return Object.fromEntries(sortedEntries(value).map(([key, one]) => [key, ordered(one)]))
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value === 'bigint') return Number(value)
  if (isStruct(value) && typeof value.toJSON !== 'function') {
    const kept = Object.entries(value).filter(([, one]) => !(one instanceof Nil && one.omitted))
    return Object.fromEntries(kept.map(([key, one]) => [key, ordered(one)]))
  }
  return value === undefined ? null : value
}
