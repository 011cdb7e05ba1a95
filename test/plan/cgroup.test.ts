import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePlan } from '../../src/plan/compile.ts'
import { printPlan } from '../../src/plan/print.ts'
import { HOST, leastInput } from './plan-inputs.ts'

const HYBRID = {
  ...HOST,
  cgroup: { mount: '/sys/fs/cgroup/unified', controllers: [], v1Controllers: ['cpu', 'memory', 'pids'] },
}
const limited = (shares: number) =>
  leastInput({ linux: { cgroupsPath: '/c', resources: { cpu: { shares } } } }, { host: HYBRID })

test('what a new cgroup has by itself needs no controller; anything else does', () => {
  assert.doesNotMatch(printPlan(compilePlan(limited(1024))), /cpu\.weight/)
  assert.throws(() => compilePlan(limited(512)), { name: 'ConfigError', at: '/linux/resources/cpu/shares' })
})

test('a cgroup that is there may be used only where the engine says so', () => {
  const mkdirs = (mayShareCgroup: boolean): string =>
    printPlan(compilePlan({ ...leastInput({ linux: { cgroupsPath: '/c' } }), mayShareCgroup }))
      .split('\n')
      .filter((line) => line.includes('mkdirat') && line.includes('/c"'))
      .join()
  assert.doesNotMatch(mkdirs(false), /EEXIST/)
  assert.match(mkdirs(true), /\$own_cgroup {2}\(or EEXIST\)/)
})
