/** Whole numbers as Docker's flags read them (Go's strconv). */
import { UsageError } from '../../errors.ts'

/** @throws UsageError with Go's words, which Docker shows */
export function parseInteger(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new UsageError(`strconv.ParseInt: parsing "${text}": invalid syntax`)
  const number = Number(text)
  if (!Number.isSafeInteger(number)) {
    throw new UsageError(`strconv.ParseInt: parsing "${text}": value out of range`)
  }
  return number
}

/** A whole number of 0 or more. */
export function parseCount(text: string): number {
  const number = parseInteger(text)
  if (number < 0) throw new UsageError(`parsing "${text}": it must not be negative`)
  return number
}

/** Go's strconv.ParseBool. */
export function parseBoolean(text: string): boolean {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return true
  if (/^(?:0|f|F|false|FALSE|False)$/.test(text)) return false
  throw new UsageError(`strconv.ParseBool: parsing "${text}": invalid syntax`)
}
