/** How a semantic check fails: the grammar of mismatch.ts, `expected ... but found ...`. */
import { ConfigError } from '../errors.ts'
import { foundInWords } from './mismatch.ts'

/** @throws ConfigError always; `undefined` is found missing */
export function refuse(at: string, expected: string, found?: unknown): never {
  throw new ConfigError(at, `expected ${expected} but ${foundInWords(found)}`)
}
