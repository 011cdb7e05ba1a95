/** What needs no test file: format and lint, types (everywhere, and pure where it must be pure), unused code. */
import { spawnSync } from 'node:child_process'
import { add, none, type Totals } from './totals.ts'

/** Name and command, the fast ones first. */
const checks = [
  ['format and lint', ['biome', 'check', '--colors=off', '.']],
  ['types', ['tsc', '-p', 'tsconfig.json']],
  ['the plan is pure', ['tsc', '-p', 'src/plan/tsconfig.json']],
  ['unused code', ['knip', '--no-progress']],
] as const

export function runChecks(): Totals {
  return checks.reduce(
    (totals, [name, [program, ...args]]) => add(totals, runCheck(name, program, args)),
    none,
  )
}

function runCheck(name: string, program: string, args: readonly string[]): Totals {
  const start = performance.now()
  const { status, stdout, stderr } = spawnSync(`node_modules/.bin/${program}`, args, { encoding: 'utf8' })
  const passed = status === 0
  console.log(
    `${passed ? 'ok    ' : 'FAILED'} check: ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`,
  )
  if (passed) return { ...none, passed: 1 }
  console.log(stdout + stderr)
  return { ...none, failed: 1, failures: [`check: ${name}: ${program} ${args.join(' ')}`] }
}
