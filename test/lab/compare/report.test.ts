/** The claims are judged by figures, and the page draws them in a browser without anything else. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { advice, verdicts } from '../../../src/lab/compare/claims.ts'
import type { Measured } from '../../../src/lab/compare/measure.ts'

const built = existsSync(join(import.meta.dirname, '../../../build/lab/chart.ts'))
const browser = '/usr/bin/chromium'

const figures = (
  name: Measured['name'],
  milliseconds: number,
  idleBytes: number,
  kernel: string,
): Measured => ({
  name,
  by: 'a test',
  imageBytes: idleBytes,
  startMilliseconds: { least: milliseconds, median: milliseconds },
  stopMilliseconds: { least: 1, median: 1 },
  restartMilliseconds: milliseconds + 1,
  idleBytes,
  countedWith: 1,
  cpuSeconds: 1,
  writeSeconds: 1,
  sees: { kernel, processes: 1, hostName: 'x' },
})
const MIB = 2 ** 20
const measured = [
  figures('process', 1, MIB, 'host'),
  figures('container', 1500, 1.5 * MIB, 'host'),
  figures('virtual machine', 60_000, 150 * MIB, 'own'),
]
const verdict = (all: readonly Measured[], start: string): boolean | undefined =>
  verdicts(all).find(({ claim }) => claim.startsWith(start))?.confirmed

test('a claim is confirmed by figures within it, and by no others', () => {
  assert.equal(verdict(measured, 'A container starts in'), true)
  assert.equal(verdict(measured, 'A virtual machine boots'), true)
  assert.equal(verdict(measured, 'Containers share'), true)
  const other = [
    measured[0]!,
    figures('container', 20, MIB / 4, 'host'),
    figures('virtual machine', 900, MIB, 'host'),
  ]
  assert.equal(verdict(other, 'A container starts in'), false)
  assert.equal(verdict(other, 'A virtual machine boots'), false)
  assert.equal(verdict(other, 'Containers share'), false)
})

test('without a machine nothing is said about machines but how to get one', () => {
  assert.equal(verdict(measured.slice(0, 2), 'A virtual machine boots'), undefined)
  assert.match(advice(measured.slice(0, 2))[0]!, /user-mode-linux/)
})

test('the page draws its four plots by itself', {
  skip: !built
    ? 'needs build/lab (bin/build)'
    : !existsSync(browser) && 'needs chromium (apt-get install chromium)',
}, async () => {
  const { reportPage } = await import('../../../src/lab/compare/report.ts')
  const folder = mkdtempSync('/dev/shm/tinyctr-report-')
  try {
    const page = reportPage({ measured, claims: verdicts(measured), advice: advice(measured) }, 'a <host>')
    assert.ok(!page.includes('a <host>'))
    assert.doesNotMatch(page, /<(script|link|img)[^>]*(src|href)=/)
    writeFileSync(join(folder, 'page.html'), page)
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      `--user-data-dir=${folder}/profile`,
      '--dump-dom',
    ]
    const { stdout } = spawnSync(browser, [...flags, `file://${folder}/page.html`], {
      encoding: 'utf8',
      timeout: 60_000,
    })
    assert.match(stdout, /data-plots="4"/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
