/** The FFI executor: exit codes, failures told while the child still waits, steps left out, walking, terminals, trees. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { cannotRun, makeBundle, richConfig, writeConfig } from '../plan/bundle.ts'

const runtimes = {
  bun: ['node_modules/.bin/bun'],
  node: [process.execPath, '--import', 'tsx'],
} as const
const bundle = cannotRun ? '' : makeBundle()
if (bundle) chmodSync(bundle, 0o755)
after(() => rmSync(bundle, { recursive: true, force: true }))

const commandOf = (runtime: keyof typeof runtimes, flags: readonly string[]): [string, string[]] => {
  const [program, ...rest] = runtimes[runtime]
  return [program, [...rest, 'test/plan/execute-plan.ts', 'ffi', bundle, ...flags]]
}

interface Run {
  readonly flags?: readonly string[]
  readonly input?: string
  readonly runtime?: keyof typeof runtimes
}

function run(args: string[], { flags = [], input = '', runtime = 'bun' }: Run = {}) {
  writeConfig(bundle, richConfig(args))
  return spawnSync(...commandOf(runtime, flags), { encoding: 'utf8', timeout: 60_000, input })
}

const failure = (text: string): { step: number; errno: number; repetition: number; root?: string[] } =>
  JSON.parse(text.trim().split('\n').at(-1) as string)

test('the exit code is the program’s, 128+n for signal n', { skip: cannotRun }, () => {
  assert.equal(run(['sh', '-c', 'exit 7']).status, 7)
  assert.equal(run(['sh', '-c', 'sh -c "kill -9 \\$\\$"; exit $?']).status, 137)
})

for (const runtime of ['bun', 'node'] as const) {
  test(`a clone of ${runtime} works each time`, { skip: cannotRun }, () => {
    for (let i = 0; i < (runtime === 'bun' ? 20 : 5); i++) {
      const { status, stdout, stderr } = run(['sh', '-c', 'echo here; exit 3'], { runtime })
      assert.deepEqual({ status, stdout, stderr }, { status: 3, stdout: 'here\n', stderr: '' })
    }
  })

  test(`a failed step is told while its process still waits (${runtime})`, { skip: cannotRun }, () => {
    const { status, stderr } = run(['missing'], { flags: ['--explain'], runtime })
    assert.equal(status, 125)
    const { errno, repetition, root } = failure(stderr)
    assert.deepEqual({ errno, repetition }, { errno: 2, repetition: 1 })
    // The container's root, not ours.
    assert.deepEqual(root, ['bin', 'dev', 'mnt', 'proc', 'sys', 'tmp'])
  })
}

test('a program that may not be run is a better reason than one that is not there', {
  skip: cannotRun,
}, () => {
  writeConfig(bundle, {
    ...richConfig(['not-executable']),
    process: { ...richConfig(['not-executable']).process!, env: ['PATH=/bin:/sbin'] },
  })
  const { stderr } = spawnSync(...commandOf('bun', ['--explain']), { encoding: 'utf8', timeout: 60_000 })
  const { errno, repetition } = failure(stderr)
  assert.deepEqual({ errno, repetition }, { errno: 13, repetition: 0 })
})

test('a step left out leaves its slot empty, and what needs it is passed over', { skip: cannotRun }, () => {
  const whole = run(['true'], { flags: ['--step'], input: '\n'.repeat(300) })
  assert.equal(whole.status, 0, whole.stderr)
  const number = Number(/^(\d+)\/\d+ {2}openat2\(.*= \$cwd$/m.exec(whole.stderr)?.[1])
  assert.ok(number > 0, whole.stderr)
  const without = run(['pwd'], { flags: ['--skip', String(number)] })
  assert.deepEqual([without.status, without.stdout], [0, '/\n'])
})

test('walking shows each step, its result and what changed', { skip: cannotRun }, () => {
  const { status, stdout, stderr } = run(['sh', '-c', 'echo inside; exit 4'], {
    flags: ['--step'],
    input: '\n'.repeat(300),
  })
  assert.equal(status, 4)
  assert.equal(stdout, 'inside\n')
  assert.match(stderr, /^1\/\d+ {2}clone3\(.*CLONE_NEWPID/m)
  assert.match(stderr, /^ {5}pid {4}\d+ -> \d+ {2}new: processes$/m)
  assert.match(stderr, /pivot_root\("\.", "\."\)/)
  assert.match(stderr, /^ {5}man 2 pivot_root\n {5}= 0\n/m)
  assert.match(stderr, /= -1 EEXIST \(tolerated\)/)
  assert.doesNotMatch(stderr, /\x1b\[/, 'no colours outside a terminal')
  const numbers = [...stderr.matchAll(/^(\d+)\/(\d+) {2}/gm)].map((one) => Number(one[1]))
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => i + 1),
  )
})

test('c goes on to the end, q ends it in either process', { skip: cannotRun }, () => {
  const continued = run(['sh', '-c', 'exit 5'], { flags: ['--step'], input: '\nn\nm\nc\n' })
  assert.equal(continued.status, 5, continued.stderr)
  assert.match(continued.stderr, /as the host: /)
  assert.match(continued.stderr, /\d+ mounts, as before/)
  for (const input of ['q\n', '\n\n\nq\n'])
    assert.equal(run(['sh', '-c', 'exit 5'], { flags: ['--step'], input }).status, 130)
})

test('a signal is passed on to the container', { skip: cannotRun }, async () => {
  writeConfig(bundle, richConfig(['sh', '-c', 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done']))
  const child = spawn(...commandOf('bun', []), { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.on('exit', resolve))
  await new Promise((resolve) => child.stdout.once('data', resolve))
  child.kill('SIGTERM')
  assert.equal(await ended, 9)
})

/** Runs a plan without a container, made by `steps`; prints the step and errno it failed with. */
function runHostPlan(runtime: keyof typeof runtimes, host: string, cleanup: string): string {
  const script = `
    import { executeWithFfi } from './src/linux/execute-ffi.ts'
    import { call, composed, slot } from './src/plan/step.ts'
    const why = { why: 'a test' }
    const plan = { host: [${host}], container: [], cleanup: [${cleanup}] }
    const explain = ({ step, errno }) => (console.log(step, errno), 1)
    await executeWithFfi(plan, { explain })`
  const [program, ...rest] = runtimes[runtime]
  const flags = runtime === 'node' ? ['--input-type=module'] : []
  const { stdout, stderr } = spawnSync(program, [...rest, ...flags, '-e', script], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  return stdout + stderr
}

for (const runtime of ['bun', 'node'] as const) {
  test(`helper programs run, and fail the plan when they fail (${runtime})`, () => {
    const steps = `composed('spawn', [['true']], why), composed('spawn', [['sh', '-c', 'exit 3']], why)`
    const ECANCELED = 125
    assert.equal(runHostPlan(runtime, steps, ''), `2 ${ECANCELED}\n`)
  })
}

test('a failed host half is cleaned up after', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinyctr-cleanup-'))
  const steps = `
    call('mkdirat', [-100, '${folder}/made', 0o700], why),
    call('openat', [-100, '${folder}/missing', 0, 0], { ...why, tolerate: ['ENOENT'], into: slot('none') }),
    call('fchdir', [slot('none')], why),
    call('openat', [-100, '${folder}/missing', 0, 0], why)`
  const removal = `composed('remove_tree', ['${folder}/never'], why), composed('remove_tree', ['${folder}'], why)`
  assert.equal(runHostPlan('bun', steps, removal), '4 2\n')
  assert.equal(existsSync(folder), false)
})
