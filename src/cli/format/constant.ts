/** Go's constants as a template has them: numbers, strings, characters. */

/** @returns undefined where Go would say `bad number syntax` */
export function parseNumber(text: string): number | bigint | undefined {
  const plain = text.replaceAll('_', '')
  const [, sign = '', digits = ''] = /^([+-]?)(.*)$/.exec(plain) ?? []
  if (/^(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]*|[1-9][0-9]*)$/.test(digits) && digits !== '') {
    const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits
    const value = BigInt(octal) * (sign === '-' ? -1n : 1n)
    return BigInt.asIntN(54, value) === value ? Number(value) : value
  }
  const value = Number(digits)
  if (digits === '' || Number.isNaN(value)) return undefined
  return sign === '-' ? -value : value
}

const escapes: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
}

/** The text between quotes, its escapes undone; undefined for one that Go does not know. */
export function unquote(quoted: string): string | undefined {
  const mark = quoted[0]
  const inner = quoted.slice(1, -1)
  if (mark === '`') return inner.replaceAll('\r', '')
  let isValid = true
  const text = inner.replaceAll(
    /\\(?:([abfnrtv\\'"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.?))/gs,
    (_, simple?: string, x?: string, u?: string, long?: string, octal?: string) => {
      if (simple !== undefined && !(simple === "'" && mark === '"') && !(simple === '"' && mark === "'"))
        return escapes[simple]!
      const hexadecimal = x ?? u ?? long
      const code =
        hexadecimal === undefined ? Number.parseInt(octal ?? 'none', 8) : Number.parseInt(hexadecimal, 16)
      if (Number.isNaN(code) || code > 0x10ffff) {
        isValid = false
        return ''
      }
      return String.fromCodePoint(code)
    },
  )
  return isValid ? text : undefined
}
