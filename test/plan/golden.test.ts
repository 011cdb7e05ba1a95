/** Whole plans as they print. `UPDATE_GOLDENS=1 npm test` rewrites test/golden/*.txt. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { validateConfig } from '../../src/oci/validate.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { encodePlan } from '../../src/plan/encode.ts'
import { numberSteps, planToJson, printPlan } from '../../src/plan/print.ts'
import { INPUTS } from './plan-inputs.ts'

const GOLDENS = new URL('../golden/', import.meta.url)

for (const [name, input] of Object.entries(INPUTS)) {
  test(`plan: ${name}`, () => {
    validateConfig(input.config)
    const golden = new URL(`${name}.txt`, GOLDENS)
    const printed = printPlan(compilePlan(input))
    if (process.env.UPDATE_GOLDENS) writeFileSync(golden, printed)
    assert.equal(printed, readFileSync(golden, 'utf8'))
  })
}

test('no golden without a case', () => {
  const files = readdirSync(GOLDENS).filter((file) => file.endsWith('.txt'))
  assert.deepEqual(
    files.sort(),
    Object.keys(INPUTS)
      .map((name) => `${name}.txt`)
      .sort(),
  )
})

test('a container nobody gave a flag takes at most 120 steps', () => {
  const steps = numberSteps(compilePlan(INPUTS['default-container']!))
  assert.ok(steps.length <= 120, `${steps.length} steps`)
})

test('every step says why, and points into the config it came from or at a flag', () => {
  for (const [name, input] of Object.entries(INPUTS)) {
    for (const { number, step } of numberSteps(compilePlan(input))) {
      assert.match(step.why, /^[^\n]+$/, `${name} ${number}`)
      for (const at of [step.at ?? ''].flat()) assert.match(at, /^(|\/.*|--[a-z-]+)$/, `${name} ${number}`)
    }
  }
})

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value) && !ArrayBuffer.isView(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) freeze(inner)
  }
  return value
}

test('compiling and encoding change nothing of the input, and give the same again', () => {
  for (const [name, input] of Object.entries(INPUTS)) {
    const before = structuredClone(input)
    const plan = freeze(compilePlan(freeze(input)))
    const bytes = encodePlan(plan, OPTIONS)
    assert.deepEqual(input, before, name)
    assert.deepEqual(compilePlan(before), plan, name)
    assert.deepEqual(encodePlan(compilePlan(before), OPTIONS), bytes, name)
    assert.deepEqual(JSON.parse(JSON.stringify(planToJson(plan))), planToJson(plan), name)
  }
})

const OPTIONS = {
  architecture: 'x64',
  explain: { argv: ['/explain'], envp: ['PATH=/bin'], source: '{}' },
} as const

test('ten thousand compilations leave nothing behind', () => {
  const script = new URL('compile-often.ts', import.meta.url).pathname
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', '--import', 'tsx', script, '10000'],
    { encoding: 'utf8' },
  )
  assert.equal(status, 0, stderr)
  const { grown } = JSON.parse(stdout)
  assert.ok(grown < 1 << 20, `the heap grew by ${grown} bytes`)
})
