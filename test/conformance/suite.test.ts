/**
 * The validation suite of opencontainers/runtime-tools: tinyctr passes every program that runc or crun passes on the
 * same host. Where tinyctr fails they are asked; a program that nobody passes (the host lacks something, or the suite
 * does) is skipped, and so is one that is excused.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { excused } from './excused.ts'
import { type Outcome, programs, runProgram } from './program.ts'

const root = join(import.meta.dirname, '../..')
const built =
  process.getuid?.() === 0 &&
  spawnSync(join(import.meta.dirname, 'build'), { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0

const peers = [
  { name: 'runc', run: (program: string): Outcome => runProgram(program, 'runc') },
  { name: 'crun', run: (program: string): Outcome => runProgram(program, 'crun', true) },
]

describe('runtime-tools validation', {
  skip: !built && 'needs root and the suite: test/conformance/build',
}, () => {
  if (!built) return
  before(() => {
    const { status, stdout } = spawnSync(join(root, 'bin/tinyctr-runtime'), ['--version'], {
      encoding: 'utf8',
    })
    assert.equal(status, 0, stdout)
  })
  for (const program of programs()) {
    test(program, (context) => {
      const ours = runProgram(program, join(root, 'build/tinyctr-runtime'))
      if (ours.passed) return
      const able = peers.find(({ run }) => run(program).passed)
      if (able === undefined) context.skip('neither runc nor crun passes it on this host')
      else if (excused[program] !== undefined) context.skip(excused[program])
      else assert.fail(`${able.name} passes, tinyctr does not:\n${ours.report}`)
    })
  }
  test('every excuse is of a program of the suite', () => {
    assert.deepEqual(
      Object.keys(excused).filter((name) => !programs().includes(name)),
      [],
    )
  })
})
