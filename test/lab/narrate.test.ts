/** How evidence is set: in columns that fit, none squeezed by its neighbour. */
import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { narrator, wrap } from '../../src/lab/narrate.ts'

function told(columns: number, evidence: Record<string, { from: string; [who: string]: string }>): string[] {
  const folder = mkdtempSync('/dev/shm/tinyctr-narrate-')
  const fd = openSync(join(folder, 'out'), 'w')
  try {
    const calls = [{ who: 'host', call: `mkdirat(AT_FDCWD, "$LAB/${'a'.repeat(30)}", 0755)`, result: '0' }]
    narrator(fd, columns).step(
      { step: 1, claim: 'A claim', why: 'A reason', skipped: false, calls, evidence, holds: true },
      3,
    )
    return readFileSync(join(folder, 'out'), 'utf8').split('\n')
  } finally {
    closeSync(fd)
    rmSync(folder, { recursive: true })
  }
}

test('a long cell leaves a short one its width', () => {
  const lines = told(80, {
    one: { from: '/proc', call: 'x '.repeat(200), 'without it': 'it does not start: no such file' },
  })
  assert.ok(
    lines.some((line) => line.includes('it does not start: no such')),
    lines.join('\n'),
  )
  assert.ok(lines.every((line) => line.length <= 80))
})

test('two long cells share the line', () => {
  const lines = told(80, { one: { from: '/proc', host: 'a '.repeat(90), container: 'b '.repeat(90) } })
  const widths = lines.filter((line) => /a a.*b b/.test(line)).map((line) => line.indexOf('b'))
  assert.ok(widths.length > 2 && widths.every((at) => at > 35 && at < 50), lines.join('\n'))
})

test('a result stays on the line that ends its call', () => {
  const lines = told(60, {})
  assert.ok(
    lines.some((line) => line.trim().endsWith('0755) = 0')),
    lines.join('\n'),
  )
})

test('words longer than a line are cut at a bar or a comma', () => {
  assert.deepEqual(wrap('MS_NOSUID|MS_NODEV|MS_NOEXEC', 12), ['MS_NOSUID|', 'MS_NODEV|', 'MS_NOEXEC'])
})
