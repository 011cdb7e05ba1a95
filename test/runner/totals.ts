/** What a part of the run came to. A check counts as one test. Plain JSON but for the map, so that the VM can send it. */
export interface Totals {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** One line a failure: the file and the test's name, or the check's. */
  readonly failures: readonly string[]
  /** How many tests were skipped for each reason. */
  readonly reasons: ReadonlyMap<string, number>
}

export const none: Totals = { passed: 0, failed: 0, skipped: 0, failures: [], reasons: new Map() }

export function add(a: Totals, b: Totals): Totals {
  const reasons = new Map(a.reasons)
  for (const [reason, count] of b.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + count)
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    failures: [...a.failures, ...b.failures],
    reasons,
  }
}

export function skip(reason: string): Totals {
  return { ...none, skipped: 1, reasons: new Map([[reason, 1]]) }
}

/** The last line of every run; CI reads it. */
export function totalsLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

export function encodeTotals(totals: Totals): string {
  return JSON.stringify({ ...totals, reasons: [...totals.reasons] })
}

export function decodeTotals(text: string): Totals {
  const totals = JSON.parse(text) as Omit<Totals, 'reasons'> & { reasons: [string, number][] }
  return { ...totals, reasons: new Map(totals.reasons) }
}
