/**
 * Where a text stops being JSON (RFC 8259). Bun's JSON.parse gives no position and Node's wording changes with its
 * version, so a text that failed to parse is read again here, slowly, for a message that helps.
 */
export interface JsonFault {
  /** Both count from 1; the column counts UTF-16 units. */
  readonly line: number
  readonly column: number
  readonly expected: string
}

const whitespace = /[ \t\n\r]*/y
const string = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y

/** @returns undefined when the text is JSON */
export function findJsonFault(text: string): JsonFault | undefined {
  const open: ('}' | ']')[] = []
  let offset = 0
  let state: 'value' | 'first item' | 'first name' | 'name' | 'after' = 'value'
  const accept = (pattern: RegExp): boolean => {
    pattern.lastIndex = offset
    if (!pattern.test(text)) return false
    offset = pattern.lastIndex
    return true
  }
  const fault = (expected: string): JsonFault => {
    const lines = text.slice(0, offset).split('\n')
    return { line: lines.length, column: lines.at(-1)!.length + 1, expected }
  }

  for (;;) {
    accept(whitespace)
    const next = text[offset]
    const close = open.at(-1)
    if (state === 'after' && close === undefined)
      return next === undefined ? undefined : fault('the end of the text')
    if (next === close && next !== undefined && (state === 'after' || state.startsWith('first'))) {
      open.pop()
      offset++
      state = 'after'
    } else if (state === 'after') {
      if (next !== ',') return fault(`a comma or ${close}`)
      offset++
      state = close === '}' ? 'name' : 'value'
    } else if (state === 'name' || state === 'first name') {
      if (!accept(string)) return fault(state === 'name' ? 'a name in quotes' : 'a name in quotes or }')
      accept(whitespace)
      if (text[offset] !== ':') return fault('a colon')
      offset++
      state = 'value'
    } else if (next === '{' || next === '[') {
      open.push(next === '{' ? '}' : ']')
      offset++
      state = next === '{' ? 'first name' : 'first item'
    } else {
      if (!accept(string) && !accept(scalar)) return fault('a value')
      state = 'after'
    }
  }
}
