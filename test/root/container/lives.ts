/** Containers that outlive the command that started them, for the tests of this folder: all are removed after each test. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, afterEach, before } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { binary, IMAGE, type Result, skip, Tinyctr } from '../tinyctr.ts'

export interface Lives {
  readonly tinyctr: Tinyctr
  /** Any command; what it printed, if it ended well. */
  says(...args: string[]): string
  command(...args: string[]): Result
  /** `run -d`; the id. */
  start(flags: readonly string[], ...command: string[]): string
  /** One field of `inspect`. */
  field(container: string, template: string): string
}

export function lives(): Lives {
  if (skip) return undefined as never
  const tinyctr = new Tinyctr()
  before(() => tinyctr.image('box', {}))
  const command = (...args: string[]): Result => tinyctr.command(args)
  const says = (...args: string[]): string => {
    const { status, stdout, stderr } = command(...args)
    assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`)
    return stdout.trimEnd()
  }
  afterEach(() => {
    const ids = says('ps', '-aq', '--no-trunc').split('\n').filter(Boolean)
    if (ids.length > 0) says('rm', '-f', ...ids)
    assert.deepEqual(tinyctr.leftovers(), [])
  })
  after(() => tinyctr.remove())
  return {
    tinyctr,
    says,
    command,
    start: (flags, ...words) =>
      says('run', '-d', '--cgroup-parent', tinyctr.cgroupParent, ...flags, IMAGE, ...words),
    field: (container, template) => says('inspect', '--format', template, container),
  }
}

/** Until it holds. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (holds()) return
    await sleep(20)
  }
  assert.fail(`never: ${what}`)
}

export type Step = ['expect' | 'send', string] | ['resize', number, number] | ['signal', number]

/** A command on a pseudo-terminal of its own. */
export function onTerminal(tinyctr: Tinyctr, steps: readonly Step[], args: readonly string[]) {
  const script = join(import.meta.dirname, '../terminal.py')
  const { stdout, stderr } = spawnSync(
    'python3',
    [script, JSON.stringify(steps), binary, ...tinyctr.globalFlags, ...args],
    { encoding: 'utf8', timeout: 60_000 },
  )
  const lines = stdout.trimEnd().split('\n')
  assert.match(lines.at(-1) ?? '', /^\{/, stdout + stderr)
  const { code, restored } = JSON.parse(lines.pop()!) as { code: number; restored: boolean }
  return { output: lines.join('\n'), code, restored }
}
