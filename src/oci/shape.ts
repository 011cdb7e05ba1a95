/**
 * Shapes: what a JSON value must look like, as data. The OCI schemas are compiled to shapes
 * (generated/*-shapes.ts, by generate.ts); `fits` compares, and mismatch.ts says what is wrong.
 *
 * Walking data is no slower in a fresh process than validators spelled out as code, and a tenth of the
 * size: docs/decisions/oci-validation.md has the numbers.
 */

interface Nullable {
  /** Go writes `null` for a nil slice or map: it means absent. */
  readonly nullable?: true
}
export interface TextShape extends Nullable {
  readonly kind: 'text'
  readonly oneOf?: readonly string[]
  /** An ECMAScript regular expression, and what it says in plain words. */
  readonly pattern?: string
  readonly expected?: string
}
export interface IntegerShape extends Nullable {
  readonly kind: 'integer'
  readonly min: number
  readonly max: number
}
export interface BooleanShape extends Nullable {
  readonly kind: 'boolean'
}
export interface ListShape extends Nullable {
  readonly kind: 'list'
  readonly items: Shape
  readonly minItems?: number
}
/** Any names, one shape of value. */
export interface MapShape extends Nullable {
  readonly kind: 'map'
  readonly values: Shape
}
/** Known members; unknown ones are allowed (runtime-spec config.md, "Extensibility"). */
export interface RecordShape extends Nullable {
  readonly kind: 'record'
  readonly required?: readonly string[]
  readonly members: { readonly [name: string]: Shape }
}
export type Shape = TextShape | IntegerShape | BooleanShape | ListShape | MapShape | RecordShape

/**
 * Whether `value` has the shape, NUL bytes aside (validate.ts looks for those in the text, all at once). This runs
 * on every start, so it makes no paths and no strings, and follows the value's own members: fewer than the shape's.
 */
export function fits(shape: Shape, value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return shape.kind === 'text' && fitsText(shape, value)
    case 'number':
      return shape.kind === 'integer' && value >= shape.min && value <= shape.max && Number.isInteger(value)
    case 'boolean':
      return shape.kind === 'boolean'
    case 'object':
      break
    default:
      return false
  }
  if (value === null) return shape.nullable === true
  if (Array.isArray(value)) return shape.kind === 'list' && fitsList(shape, value)
  const record = value as { readonly [name: string]: unknown }
  if (shape.kind === 'record') return fitsRecord(shape, record)
  if (shape.kind !== 'map') return false
  for (const name in record) if (!fits(shape.values, record[name])) return false
  return true
}

function fitsText({ oneOf, pattern }: TextShape, value: string): boolean {
  if (oneOf !== undefined) return oneOf.includes(value)
  return pattern === undefined || new RegExp(pattern).test(value)
}

function fitsList({ items, minItems }: ListShape, list: readonly unknown[]): boolean {
  const length = list.length
  if (minItems !== undefined && length < minItems) return false
  if (items.kind === 'text' && items.oneOf === undefined && items.pattern === undefined && !items.nullable) {
    // Most lists are of plain strings, a seccomp profile's of hundreds.
    for (let index = 0; index < length; index++) if (typeof list[index] !== 'string') return false
    return true
  }
  for (let index = 0; index < length; index++) if (!fits(items, list[index])) return false
  return true
}

function fitsRecord(
  { members, required }: RecordShape,
  record: { readonly [name: string]: unknown },
): boolean {
  for (const name in record) {
    const member = members[name]
    // An unknown member called `constructor` or `__proto__` finds something of Object.prototype: not a shape.
    if (member?.kind !== undefined && record[name] !== undefined && !fits(member, record[name])) return false
  }
  if (required !== undefined) {
    for (let index = 0; index < required.length; index++)
      if (record[required[index]!] === undefined) return false
  }
  return true
}
