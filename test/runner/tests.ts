/**
 * Test files through node:test, each in its own process, two at a time. One line a file; a failure in full, at once.
 *
 * As a program (`tests.ts TOTALS_FILE FILE...`) it runs in the VM and leaves its totals in a file.
 */
import { writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { run } from 'node:test'
import { inspect } from 'node:util'
import { add, encodeTotals, none, skip, type Totals } from './totals.ts'

/** What node:test tells of a finished test; @types/node leaves out some of it. */
interface Finished {
  readonly name: string
  readonly nesting: number
  readonly file?: string
  readonly skip?: string | boolean
  readonly todo?: string | boolean
  readonly details: { readonly type?: string; readonly duration_ms: number; readonly error?: unknown }
}

export async function runTests(files: readonly string[], concurrency = 2): Promise<Totals> {
  const perFile = new Map<string, Totals>(files.map((file) => [relative('.', resolve(file)), none]))
  const count = (event: Finished, failed: boolean) => {
    const file = relative('.', event.file ?? '')
    const totals = countTest(event, failed, file)
    perFile.set(file, add(perFile.get(file) ?? none, totals))
    if (failed && totals.failed)
      console.log(`FAILED ${file}: ${event.name}\n${indent(describe(event.details.error))}`)
  }
  for await (const { type, data } of run({ files: files.map((file) => resolve(file)), concurrency })) {
    if (type === 'test:pass') count(data as Finished, false)
    else if (type === 'test:fail') count(data as Finished, true)
    else if (type === 'test:stdout' || type === 'test:stderr') process.stdout.write(data.message)
  }
  let all = none
  for (const [file, totals] of perFile) {
    const some = totals.passed + totals.failed + totals.skipped > 0
    // A file that ran no test has not passed: it could not be loaded, or its tests are gone.
    const counted = some ? totals : { ...none, failed: 1, failures: [`${file}: ran no test`] }
    console.log(
      `${counted.failed ? 'FAILED' : 'ok    '} ${file} (${counted.passed} passed, ${counted.skipped} skipped)`,
    )
    all = add(all, counted)
  }
  return all
}

function countTest(event: Finished, failed: boolean, file: string): Totals {
  if (event.skip !== undefined)
    return skip(typeof event.skip === 'string' && event.skip !== '' ? event.skip : 'no reason given')
  if (event.todo !== undefined) return skip('to do')
  // node:test counts a file without tests as a test of its own, which passes.
  if (!failed && event.name === event.file) return none
  // A suite fails with its tests, which are counted; on its own account only when it breaks outside of them.
  if (event.details.type === 'suite') return failed && !isSubtestFailure(event) ? failure(event, file) : none
  if (failed) return isSubtestFailure(event) ? none : failure(event, file)
  return { ...none, passed: 1 }
}

function failure(event: Finished, file: string): Totals {
  return { ...none, failed: 1, failures: [`${file}: ${event.name}`] }
}

function isSubtestFailure(event: Finished): boolean {
  return (event.details.error as { failureType?: string } | undefined)?.failureType === 'subtestsFailed'
}

function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  return typeof cause === 'string' ? cause : inspect(cause, { depth: 4 })
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ')
}

if (process.argv[1] === import.meta.filename) {
  const [totalsFile, ...files] = process.argv.slice(2)
  writeFileSync(totalsFile!, encodeTotals(await runTests(files, 1)))
}
