/** The keys that let go of a container: `ctrl-p,ctrl-q`. */
import { UsageError } from '../../errors.ts'

export const DEFAULT_DETACH_KEYS = '\x10\x11'

/** A character a key. @throws UsageError with docker's words */
export function parseDetachKeys(text: string): string {
  if (text === '') return ''
  return text
    .split(',')
    .map((key) => {
      if (/^[\x20-\x7e]$/.test(key)) return key
      const letter = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1]
      if (letter === undefined)
        throw new UsageError(`Invalid detach keys (${text}) provided: Unknown character: '${key}'`)
      return String.fromCharCode(letter.toUpperCase().charCodeAt(0) & 0x1f)
    })
    .join('')
}
