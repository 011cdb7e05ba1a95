/** Mismatches in words: what was expected where, and what was found. Off the hot path. */
import { fits, type Shape } from './shape.ts'

/** One place where a value is not what its shape says. */
export interface Mismatch {
  /** JSON pointer (RFC 6901). */
  readonly at: string
  /** `expected an integer from 0 to 65535 but found "many"` */
  readonly fact: string
}

/** Every mismatch of `value`, in the order of the shape's members; none when it fits. */
export function mismatches(shape: Shape, value: unknown): Mismatch[] {
  const found: Mismatch[] = []
  compare(shape, value, [], found)
  return found
}

/** `path` leads to `value`; it is pushed and popped on the way. */
function compare(shape: Shape, value: unknown, path: (string | number)[], found: Mismatch[]): void {
  // To the kernel a string ends at its first NUL: what was checked would not be what is used.
  const hasNul = shape.kind === 'text' && typeof value === 'string' && value.includes('\0')
  if (value === null && shape.nullable) return
  switch (shape.kind) {
    case 'list':
      if (!Array.isArray(value) || value.length < (shape.minItems ?? 0)) break
      for (let index = 0; index < value.length; index++) {
        path.push(index)
        compare(shape.items, value[index], path, found)
        path.pop()
      }
      return
    case 'map':
      if (!isRecord(value)) break
      for (const name of Object.keys(value)) {
        path.push(name)
        if (name.includes('\0')) {
          found.push({ at: pointer(path), fact: 'expected a name without NUL bytes but found one with' })
        }
        compare(shape.values, value[name], path, found)
        path.pop()
      }
      return
    case 'record':
      if (!isRecord(value)) break
      for (const name in shape.members) {
        const member = value[name]
        if (member === undefined && !shape.required?.includes(name)) continue
        path.push(name)
        compare(shape.members[name]!, member, path, found)
        path.pop()
      }
      return
    default:
      if (!hasNul && fits(shape, value)) return
  }
  const expected = hasNul ? 'a string without NUL bytes' : inWords(shape)
  found.push({ at: pointer(path), fact: `expected ${expected} but ${foundInWords(value)}` })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The JSON pointer of a path: RFC 6901 writes `~` as `~0` and `/` as `~1`. */
export function pointer(path: readonly (string | number)[]): string {
  return path.map((name) => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function inWords(shape: Shape): string {
  switch (shape.kind) {
    case 'text':
      if (shape.oneOf !== undefined) {
        return shape.oneOf.length === 1 ? `"${shape.oneOf[0]}"` : `one of ${shape.oneOf.join(', ')}`
      }
      return shape.expected ?? 'a string'
    case 'integer':
      return shape.min === shape.max
        ? String(shape.min)
        : `an integer from ${boundInWords(shape.min)} to ${boundInWords(shape.max)}`
    case 'boolean':
      return 'true or false'
    case 'list':
      return shape.minItems === undefined ? 'a list' : `a list of at least ${shape.minItems}`
    case 'map':
    case 'record':
      return 'an object'
  }
}

/** Bounds past 2^53 are powers of two that a number holds rounded: say them as the power. */
function boundInWords(bound: number): string {
  if (Number.isSafeInteger(bound)) return String(bound)
  const exponent = Math.log2(Math.abs(bound))
  return bound < 0 ? `-2^${exponent}` : `2^${exponent}-1`
}

export function foundInWords(value: unknown): string {
  if (value === undefined) return 'it is missing'
  if (Array.isArray(value)) return value.length === 0 ? 'found an empty list' : 'found a list'
  if (isRecord(value)) return 'found an object'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return `found ${text.length > 80 ? `${text.slice(0, 77)}...` : text}`
}
