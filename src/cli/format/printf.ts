/** fmt.Sprintf as far as templates go: flags, width, precision, `*`, and what Go says where a verb does not fit. */
import { goJson, goType, isInteger, isNumber, isStruct, isTrue, printNumber, printValue } from './go-value.ts'

interface Verb {
  letter: string
  flags: string
  width: number | undefined
  precision: number | undefined
}

export function goPrintf(format: string, ...args: unknown[]): string {
  let next = 0
  const star = (digits: string | undefined): number | undefined => {
    if (digits === '*') return Number(args[next++])
    return digits === undefined ? undefined : Number(digits || 0)
  }
  const text = format.replaceAll(
    /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?(.|$)/gsu,
    (_, flags: string, wide: string | undefined, precise: string | undefined, letter: string) => {
      const width = star(wide)
      const precision = star(precise)
      if (letter === '%') return '%'
      if (letter === '') return '%!(NOVERB)'
      if (next >= args.length) return `%!${letter}(MISSING)`
      return padded(printVerb(args[next++], { letter, flags, width, precision }), {
        letter,
        flags,
        width,
        precision,
      })
    },
  )
  if (next >= args.length) return text
  const extra = args.slice(next).map((value) => `${goType(value)}=${printValue(value)}`)
  return `${text}%!(EXTRA ${extra.join(', ')})`
}

function padded(text: string, { flags, width = 0 }: Verb): string {
  const missing = width - [...text].length
  if (missing <= 0) return text
  if (flags.includes('-')) return text + ' '.repeat(missing)
  if (!flags.includes('0')) return ' '.repeat(missing) + text
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? []
  return sign + '0'.repeat(missing) + rest
}

function printVerb(value: unknown, verb: Verb): string {
  const { letter, flags, precision } = verb
  if (letter === 'T') return goType(value)
  if (letter === 'v')
    return flags.includes('#') ? goSyntax(value) : flags.includes('+') ? withNames(value) : cut(value, verb)
  if (Array.isArray(value) && letter !== 'p') return `[${value.map((one) => printVerb(one, verb)).join(' ')}]`
  if (typeof value === 'boolean' && letter === 't') return String(value)
  if (typeof value === 'string') return printString(value, verb) ?? bad(value, letter)
  if (isInteger(value)) return printInteger(BigInt(value), verb) ?? bad(value, letter)
  if (typeof value === 'number') return printFloat(value, letter, flags, precision) ?? bad(value, letter)
  return bad(value, letter)
}

const bad = (value: unknown, letter: string): string =>
  value === undefined ? `%!${letter}(<nil>)` : `%!${letter}(${goType(value)}=${printValue(value)})`

function cut(value: unknown, { precision }: Verb): string {
  if (typeof value === 'string' && precision !== undefined) return [...value].slice(0, precision).join('')
  return typeof value === 'number' && !Number.isInteger(value) && precision !== undefined
    ? value.toPrecision(precision)
    : printValue(value)
}

const hexadecimal = (text: string): string => Buffer.from(text).toString('hex')

function printString(text: string, verb: Verb): string | undefined {
  const { letter, flags } = verb
  if (letter === 's') return cut(text, verb)
  if (letter === 'q')
    return flags.includes('#') && !text.includes('`') ? `\`${text}\`` : quote(String(cut(text, verb)))
  if (letter === 'x') return hexadecimal(text)
  return letter === 'X' ? hexadecimal(text).toUpperCase() : undefined
}

/** strconv.Quote. */
export const quote = (text: string): string =>
  JSON.stringify(text).replaceAll(/\\u00([0-9a-f]{2})/g, (_, digits: string) => {
    const named: Record<string, string> = { '07': '\\a', '0b': '\\v' }
    return named[digits] ?? `\\x${digits}`
  })

const bases: Record<string, number> = { b: 2, d: 10, o: 8, x: 16, X: 16 }

function printInteger(value: bigint, { letter, flags, precision }: Verb): string | undefined {
  if (letter === 'c') return String.fromCodePoint(Number(value))
  if (letter === 'q') return `'${String.fromCodePoint(Number(value))}'`
  if (letter === 'U') return `U+${value.toString(16).toUpperCase().padStart(4, '0')}`
  const base = bases[letter]
  if (base === undefined) return undefined
  const sign = value < 0n ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  const digits = (value < 0n ? -value : value).toString(base).padStart(precision ?? 0, '0')
  const prefix = flags.includes('#') && base !== 10 ? { 2: '0b', 8: '0', 16: '0x' }[base as 2 | 8 | 16] : ''
  return sign + (letter === 'X' ? (prefix + digits).toUpperCase() : prefix + digits)
}

function printFloat(
  value: number,
  letter: string,
  flags: string,
  precision: number | undefined,
): string | undefined {
  const sign = value >= 0 && flags.includes('+') ? '+' : ''
  const exponent = (text: string): string => text.replace(/e([+-])(\d)$/, 'e$10$2')
  if (letter === 'f' || letter === 'F') return sign + value.toFixed(precision ?? 6)
  if (letter === 'e') return sign + exponent(value.toExponential(precision ?? 6))
  if (letter === 'g')
    return (
      sign +
      (precision === undefined ? printNumber(value) : exponent(String(Number(value.toPrecision(precision)))))
    )
  return undefined
}

/** %+v: a struct's fields with their names. */
function withNames(value: unknown): string {
  if (isNumber(value) && isTrue(value) && Number(value) > 0) return `+${printNumber(value)}`
  if (Array.isArray(value)) return `[${value.map(withNames).join(' ')}]`
  if (!isStruct(value)) return printValue(value)
  return `{${Object.entries(value)
    .map(([name, one]) => `${name}:${withNames(one)}`)
    .join(' ')}}`
}

/** %#v, of plain values. */
const goSyntax = (value: unknown): string =>
  typeof value === 'string'
    ? quote(value)
    : isStruct(value) || value instanceof Map
      ? goJson(value)
      : printValue(value)
