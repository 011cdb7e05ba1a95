/** A command on a pseudo-terminal of its own: what is typed, awaited, resized and sent to it, in order. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { binary, type Tinyctr } from './tinyctr.ts'

export type Step = ['expect' | 'send', string] | ['resize', number, number] | ['signal', number]

export function onTerminal(
  tinyctr: Tinyctr,
  steps: readonly Step[],
  flags: readonly string[],
  command: readonly string[],
) {
  const script = join(import.meta.dirname, 'terminal.py')
  const args = [...tinyctr.globalFlags, ...tinyctr.runArguments(flags, command)]
  const { stdout, stderr } = spawnSync('python3', [script, JSON.stringify(steps), binary, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  const lines = stdout.trimEnd().split('\n')
  assert.match(lines.at(-1) ?? '', /^\{/, stdout + stderr)
  const { code, restored } = JSON.parse(lines.pop()!) as { code: number; restored: boolean }
  return { output: lines.join('\n'), code, restored }
}
