/**
 * Annotations `org.systemd.property.NAME` (runc's and crun's): further properties of the container's unit, their values in
 * GVariant's text format (GLib, "GVariant Text Format"): `'text'`, `true`, `5`, `uint64 5`, `['a', 'b']`.
 */
import { ConfigError } from '../../errors.ts'
import { type Value, type Variant, variant } from '../../linux/dbus/marshal.ts'

const PREFIX = 'org.systemd.property.'

/** @throws ConfigError */
export function annotatedProperties(annotations: Readonly<Record<string, string>> = {}): [string, Variant][] {
  return Object.entries(annotations)
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([key, text]) => {
      const name = key.slice(PREFIX.length)
      const at = `/annotations/${key}`
      if (!/^[A-Za-z]{3,}$/.test(name))
        throw new ConfigError(at, `expected the name of a property of systemd but found "${name}"`)
      const value = parse(text, at)
      return name.endsWith('Sec') && !name.endsWith('USec') ? inMicroseconds(name, value, at) : [name, value]
    })
}

/** `TimeoutStopSec=5` is TimeoutStopUSec on the bus. */
function inMicroseconds(name: string, { value }: Variant, at: string): [string, Variant] {
  if (typeof value !== 'number' && typeof value !== 'bigint')
    throw new ConfigError(at, 'expected a number of seconds')
  return [`${name.slice(0, -'Sec'.length)}USec`, variant('t', BigInt(Math.round(Number(value) * 1e6)))]
}

const TYPES: Readonly<Record<string, string>> = {
  boolean: 'b',
  byte: 'y',
  int16: 'n',
  uint16: 'q',
  int32: 'i',
  uint32: 'u',
  int64: 'x',
  uint64: 't',
  double: 'd',
  string: 's',
  objectpath: 'o',
  signature: 'g',
}

/** A token: `@type`, a keyword or number, a quoted text, a bracket or comma. */
const TOKEN = /\s*(?:(@\S+)|([A-Za-z0-9.+-]+)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([[\],]))/y

function parse(text: string, at: string): Variant {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  const whole = text.trimEnd()
  while (TOKEN.lastIndex < whole.length) {
    const match = TOKEN.exec(whole)
    if (!match) throw refusal(text, at)
    tokens.push(match[0].trim())
  }
  const value = parseValue(tokens, undefined)
  if (value === undefined || tokens.length > 0) throw refusal(text, at)
  return value
}

const refusal = (text: string, at: string): ConfigError =>
  new ConfigError(at, `expected a value such as 'text', true, uint64 5 or ['a', 'b'] but found ${text}`)

/** @param type the signature that it must have, where somebody has said so */
function parseValue(tokens: string[], type: string | undefined): Variant | undefined {
  const token = tokens.shift()
  if (token === undefined || token === ']' || token === ',') return undefined
  if (token.startsWith('@')) return parseValue(tokens, token.slice(1))
  const named = TYPES[token]
  if (named !== undefined) return parseValue(tokens, named)
  if (token === '[') return parseArray(tokens, type)
  const value = scalar(token, type)
  return value === undefined ? undefined : variant(type ?? scalarType(token), value)
}

function parseArray(tokens: string[], type: string | undefined): Variant | undefined {
  const items: Variant[] = []
  let inner = type?.startsWith('a') ? type.slice(1) : undefined
  while (tokens[0] !== ']') {
    const item = parseValue(tokens, inner)
    if (item === undefined) return undefined
    inner ??= item.signature
    items.push(item)
    if (tokens[0] === ',') tokens.shift()
    else if (tokens[0] !== ']') return undefined
  }
  tokens.shift()
  if (inner === undefined) return undefined
  return variant(
    `a${inner}`,
    items.map(({ value }) => value),
  )
}

function scalarType(token: string): string {
  if (/^["']/.test(token)) return 's'
  if (token === 'true' || token === 'false') return 'b'
  return /^[+-]?(\d+|0x[0-9a-f]+)$/i.test(token) ? 'i' : 'd'
}

function scalar(token: string, type = scalarType(token)): Value | undefined {
  if (/^["']/.test(token))
    return 'sog'.includes(type) ? token.slice(1, -1).replace(/\\(.)/g, '$1') : undefined
  if (type === 'b') return token === 'true' ? true : token === 'false' ? false : undefined
  if ('sog'.includes(type) || Number.isNaN(Number(token))) return undefined
  if (type === 'd') return Number(token)
  return /^[+-]?(\d+|0x[0-9a-f]+)$/i.test(token)
    ? type === 'x' || type === 't'
      ? BigInt(token)
      : Number(token)
    : undefined
}
