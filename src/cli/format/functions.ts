/** What a template may call: Go's own functions (text/template, funcs.go) and Docker's (docker/cli templates). */
import { compareValues, equalsAny } from './compare.ts'
import { goJson, goType, isInteger, isOfStrings, isTrue, Nil, printValue } from './go-value.ts'
import { goPrintf } from './printf.ts'

export interface Signature {
  readonly takes: readonly ('any' | 'int' | 'string' | 'strings')[]
  /** It takes any number more, of this kind. */
  readonly rest?: 'any' | 'int' | 'string'
  /** @throws RangeError with Go's words */
  readonly run: (...args: never[]) => unknown
}

/** They look at no more operands than they need. */
export const booleanFunctions: ReadonlySet<string> = new Set(['and', 'or'])

/** fmt.Sprint: a space between two operands of which neither is a string. */
function sprint(values: readonly unknown[]): string {
  let text = ''
  for (const [i, value] of values.entries()) {
    if (i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string') text += ' '
    text += printValue(value)
  }
  return text
}

function index(item: unknown, ...keys: unknown[]): unknown {
  let value = item
  for (const key of keys) {
    if (value === undefined || value === null) throw new RangeError('index of untyped nil')
    if (value instanceof Map || (value instanceof Nil && value.of === 'map')) value = entry(value, key)
    else if (
      Array.isArray(value) ||
      typeof value === 'string' ||
      (value instanceof Nil && value.of === 'list')
    ) {
      value = element(value instanceof Nil ? [] : value, key)
    } else throw new RangeError(`can't index item of type ${goType(value)}`)
  }
  return value
}

function entry(map: ReadonlyMap<string, unknown> | Nil, key: unknown): unknown {
  if (typeof key !== 'string') throw new RangeError(`value has type ${goType(key)}; should be string`)
  if (map instanceof Nil) return ''
  // A map of strings has the empty string for every key that it has not.
  return map.has(key) || !isOfStrings(map) ? map.get(key) : ''
}

function element(list: readonly unknown[] | string, key: unknown): unknown {
  if (!isInteger(key)) throw new RangeError(`cannot index slice/array with type ${goType(key)}`)
  const bytes = typeof list === 'string' ? new TextEncoder().encode(list) : list
  const at = Number(key)
  if (at < 0 || at >= bytes.length) throw new RangeError(`index out of range: ${at}`)
  return bytes[at]
}

function slice(item: unknown, ...bounds: unknown[]): unknown {
  if (item === undefined) throw new RangeError('slice of untyped nil')
  if (bounds.length > 3) throw new RangeError(`too many slice indexes: ${bounds.length}`)
  if (typeof item !== 'string' && !Array.isArray(item))
    throw new RangeError(`can't slice item of type ${goType(item)}`)
  const [from = 0, to = item.length] = bounds as number[]
  for (const bound of [from, to]) {
    if (!isInteger(bound)) throw new RangeError(`cannot index slice/array with type ${goType(bound)}`)
    if (bound < 0 || bound > item.length) throw new RangeError(`index out of range: ${bound}`)
  }
  if (from > to) throw new RangeError(`invalid slice index: ${from} > ${to}`)
  return item.slice(from, to)
}

function length(value: unknown): number {
  if (typeof value === 'string') return new TextEncoder().encode(value).length
  if (Array.isArray(value)) return value.length
  if (value instanceof Map) return value.size
  if (value instanceof Nil && value.of !== 'pointer') return 0
  if (value === undefined) throw new RangeError('len of nil pointer')
  throw new RangeError(`len of type ${goType(value)}`)
}

/** By bytes, as Docker's. */
function truncate(text: string, most: number): string {
  const bytes = new TextEncoder().encode(text)
  return bytes.length < most ? text : new TextDecoder().decode(bytes.subarray(0, most))
}

const htmlEscapes: Record<string, string> = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
}

const javaScriptEscapes: Record<string, string> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
}

const escapeJavaScript = (text: string): string =>
  text
    .replaceAll(/[\\'"<>&=]/g, (character) => javaScriptEscapes[character]!)
    .replaceAll(/[\x00-\x1f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`)

const queryEscape = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

export const signatures: Readonly<Record<string, Signature>> = {
  call: {
    takes: ['any'],
    rest: 'any',
    run: (value: unknown) => {
      throw new RangeError(value === undefined ? 'call of nil' : `non-function of type ${goType(value)}`)
    },
  },
  eq: { takes: ['any'], rest: 'any', run: equalsAny },
  ge: { takes: ['any', 'any'], run: (a: unknown, b: unknown) => compareValues(a, b) >= 0 },
  gt: { takes: ['any', 'any'], run: (a: unknown, b: unknown) => compareValues(a, b) > 0 },
  html: {
    takes: [],
    rest: 'any',
    run: (...values: unknown[]) => sprint(values).replaceAll(/["'&<>]/g, (c) => htmlEscapes[c]!),
  },
  index: { takes: ['any'], rest: 'any', run: index },
  join: { takes: ['strings', 'string'], run: (list: string[], between: string) => list.join(between) },
  js: { takes: [], rest: 'any', run: (...values: unknown[]) => escapeJavaScript(sprint(values)) },
  json: { takes: ['any'], run: (value: unknown) => goJson(value) },
  le: { takes: ['any', 'any'], run: (a: unknown, b: unknown) => compareValues(a, b) <= 0 },
  len: { takes: ['any'], run: length },
  lower: { takes: ['string'], run: (text: string) => text.toLowerCase() },
  lt: { takes: ['any', 'any'], run: (a: unknown, b: unknown) => compareValues(a, b) < 0 },
  ne: { takes: ['any', 'any'], run: (a: unknown, b: unknown) => !equalsAny(a, b) },
  not: { takes: ['any'], run: (value: unknown) => !isTrue(value) },
  pad: {
    takes: ['string', 'int', 'int'],
    run: (text: string, before: number, after: number) =>
      text === '' ? '' : ' '.repeat(before) + text + ' '.repeat(after),
  },
  print: { takes: [], rest: 'any', run: (...values: unknown[]) => sprint(values) },
  printf: { takes: ['string'], rest: 'any', run: goPrintf },
  println: { takes: [], rest: 'any', run: (...values: unknown[]) => `${values.map(printValue).join(' ')}\n` },
  slice: { takes: ['any'], rest: 'any', run: slice },
  split: { takes: ['string', 'string'], run: (text: string, at: string) => text.split(at) },
  title: {
    takes: ['string'],
    run: (text: string) =>
      text.replaceAll(/(^|[^\p{L}\p{N}_'])(\p{L})/gu, (_, before, l) => before + l.toUpperCase()),
  },
  truncate: { takes: ['string', 'int'], run: truncate },
  upper: { takes: ['string'], run: (text: string) => text.toUpperCase() },
  urlquery: { takes: [], rest: 'any', run: (...values: unknown[]) => queryEscape(sprint(values)) },
}
