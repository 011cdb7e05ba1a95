/** The program as a person meets it: what it prints, where, and how it ends. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { flagRows } from '../../src/cli/flag.ts'
import { runFlags } from '../../src/cli/run/run-flags.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const tsx = import.meta.resolve('tsx')

function tinyctr(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', tsx, main, ...args], {
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test('alone and with --help it prints its commands', () => {
  const alone = tinyctr()
  assert.equal(alone.status, 0)
  assert.equal(alone.stderr, '')
  assert.match(alone.stdout, /^Usage: {2}tinyctr \[OPTIONS\] COMMAND\n/)
  assert.match(alone.stdout, /\n {2}tinyctr run +Create and run a new container from an image\n/)
  assert.doesNotMatch(alone.stdout, /explain-failure/)
  assert.deepEqual(tinyctr('--help'), alone)
  assert.deepEqual(tinyctr('help'), alone)
})

test('run --help shows every flag of the table', () => {
  const { status, stdout } = tinyctr('run', '--help')
  assert.equal(status, 0)
  assert.match(stdout, /^Usage: {2}tinyctr run \[OPTIONS\] IMAGE \[COMMAND\] \[ARG\.\.\.\]\n/)
  for (const [name, { hidden = false }] of flagRows(runFlags)) {
    assert.equal(new RegExp(`^ .*--${name}\\b(?!-)`, 'm').test(stdout), !hidden, name)
  }
  assert.deepEqual(tinyctr('help', 'run').stdout, stdout)
})

test('versions', () => {
  assert.match(tinyctr('--version').stdout, /^tinyctr version \d+\.\d+\.\d+\n$/)
  assert.match(tinyctr('version').stdout, /^Client: tinyctr\n Version: +\d+\.\d+\.\d+\n/)
})

const refused: [args: string[], status: number, stderr: string][] = [
  [['rnu'], 1, "tinyctr: 'rnu' is not a tinyctr command.\nDid you mean 'run'?\nSee 'tinyctr --help'.\n"],
  [['frobnicate'], 1, "tinyctr: 'frobnicate' is not a tinyctr command.\nSee 'tinyctr --help'.\n"],
  [
    ['swarm'],
    125,
    "tinyctr: 'swarm' is not in this version of tinyctr: it comes in a later one\nSee 'tinyctr --help'.\n",
  ],
  [['--bogus', 'run'], 125, "tinyctr: unknown flag: --bogus\nSee 'tinyctr --help'.\n"],
  [['run', '--foo', 'x'], 125, "tinyctr: unknown flag: --foo\nSee 'tinyctr run --help'.\n"],
  [
    ['run', '--label-file', '/nonexistent', 'x'],
    125,
    "tinyctr: open /nonexistent: no such file or directory\nSee 'tinyctr run --help'.\n",
  ],
  [
    ['run'],
    1,
    'tinyctr: "tinyctr run" requires at least 1 argument.\nUsage:  tinyctr run [OPTIONS] IMAGE [COMMAND] [ARG...]\nSee \'tinyctr run --help\'.\n',
  ],
  [
    ['pull', 'a', 'b'],
    1,
    'tinyctr: "tinyctr pull" requires 1 argument.\nUsage:  tinyctr pull [OPTIONS] NAME[:TAG|@DIGEST]\nSee \'tinyctr pull --help\'.\n',
  ],
]
for (const [args, status, stderr] of refused) {
  test(`refuses: ${args.join(' ')}`, () => {
    assert.deepEqual(tinyctr(...args), { status, stdout: '', stderr })
  })
}

test('a reader that leaves early ends it like SIGPIPE', async () => {
  const child = spawn(process.execPath, ['--import', tsx, main, 'run', '--help'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const status = await new Promise((resolve) => child.on('close', resolve))
  assert.deepEqual({ status, stderr }, { status: 141, stderr: '' })
})
