/** A lesson on a real terminal: Enter by Enter, `q`, Ctrl-C, no line too wide, no colour where none is wanted. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { binary, skip, tinyctrForTests } from '../root/tinyctr.ts'

const COLUMNS = 99
const ESCAPE = '\x1b'

describe('a lesson on a terminal', { skip }, () => {
  const tinyctr = skip ? (undefined as never) : tinyctrForTests()

  function on(
    steps: readonly (readonly string[])[],
    args: readonly string[],
    env: Record<string, string> = {},
  ) {
    const script = join(import.meta.dirname, '../root/terminal.py')
    const command = [binary, ...tinyctr.globalFlags, 'lab', ...args]
    const { stdout, stderr } = spawnSync('python3', [script, JSON.stringify(steps), ...command], {
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, ...env },
    })
    const lines = stdout.trimEnd().split('\n')
    const { code, restored } = JSON.parse(lines.pop() ?? '{}') as { code: number; restored: boolean }
    return { text: lines.join('\n'), code, restored, stderr }
  }
  const plain = (text: string): string => text.replaceAll(/\x1b\[[0-9;]*[A-Za-z]/g, '').replaceAll('\r', '')

  test('goes on at Enter, step by step, to the end', () => {
    const enter = [
      ['expect', '[Enter] goes on'],
      ['send', '\r'],
    ]
    const { text, code, restored } = on([...enter, ...enter, ...enter, ...enter], ['pid'])
    assert.deepEqual({ code, restored }, { code: 0, restored: true }, text)
    assert.match(plain(text), /5 of 5 claims shown by this kernel/)
    assert.deepEqual(
      plain(text)
        .split('\n')
        .filter((line) => line.length > COLUMNS),
      [],
    )
  })

  for (const [name, key] of [
    ['q', 'q'],
    ['Ctrl-C', '\x03'],
  ] as const) {
    test(`${name} ends it, and the terminal is as before`, () => {
      const steps = [
        ['expect', '[Enter] goes on'],
        ['send', key],
      ]
      const { text, code, restored } = on(steps, ['uts'])
      assert.deepEqual({ code, restored }, { code: 0, restored: true }, text)
      assert.doesNotMatch(plain(text), /^2\/4/m)
      assert.deepEqual(tinyctr.leftovers(), [])
    })
  }

  test('is in colour, unless NO_COLOR says otherwise', () => {
    assert.ok(on([], ['--yes', 'uts']).text.includes(`${ESCAPE}[`))
    assert.ok(!on([], ['--yes', 'uts'], { NO_COLOR: '1' }).text.includes(ESCAPE))
  })
})
