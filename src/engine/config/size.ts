/** Sizes as Docker reads them (go-units RAMInBytes): `32m`, `1.5g`, `64 KiB`, `100`; powers of 1024, in bytes. */
import { UsageError } from '../../errors.ts'

const exponents: Record<string, number> = { k: 1, m: 2, g: 3, t: 4, p: 5 }

/**
 * @returns bytes, rounded down to a whole number
 * @throws UsageError with Docker's words
 */
export function parseSize(text: string): number {
  const match = /^([\d.]+) ?([^\d. ]*)$/.exec(text)
  const number = Number(match?.[1])
  if (match === null || Number.isNaN(number)) throw new UsageError(`invalid size: '${text}'`)
  const suffix = match[2]!.toLowerCase()
  const unit = /^(?:b|([kmgtp])(?:i?b)?)?$/.exec(suffix)
  if (unit === null) throw new UsageError(`invalid suffix: '${suffix}'`)
  const bytes = Math.trunc(number * 1024 ** (exponents[unit[1] ?? ''] ?? 0))
  if (!Number.isSafeInteger(bytes)) throw new UsageError(`invalid size: '${text}'`)
  return bytes
}

/** `--memory-swap`: a size, or -1 for no limit. */
export const parseSwapSize = (text: string): number => (text === '-1' ? -1 : parseSize(text))
