import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IntelRdt } from '../../src/oci/runtime-spec.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { rdtFolders } from '../../src/plan/intel-rdt.ts'
import { printPlan } from '../../src/plan/print.ts'
import { HOST, leastInput } from './plan-inputs.ts'

const RESCTRL = '/sys/fs/resctrl'

function printed(intelRdt: IntelRdt, groups: Record<string, string> | undefined): string {
  const input = leastInput({ linux: { intelRdt } })
  const host = { ...HOST, ...(groups ? { resctrl: { mount: RESCTRL, groups } } : {}) }
  const hookState = { ociVersion: '1.3.0', id: 'web', bundle: '/bundle' }
  return printPlan(compilePlan({ ...input, host, hookState }))
}

test('a group that is there is joined, not changed', () => {
  const there = { gold: '    MB:0=100\n    L3:0=00f;1=0f0\n' }
  const plan = printed({ closID: 'gold', schemata: ['L3:0=f;1=f0'] }, there)
  assert.match(plan, /openat\(AT_FDCWD, "\/sys\/fs\/resctrl\/gold\/tasks"/)
  assert.doesNotMatch(plan, /gold\/schemata|unlinkat/)
  assert.throws(() => printed({ closID: 'gold', l3CacheSchema: 'L3:0=1;1=f0' }, there), {
    name: 'ConfigError',
    at: '/linux/intelRdt',
  })
  assert.match(printed({ closID: '/' }, { '/': '' }), /"\/sys\/fs\/resctrl\/tasks"/)
})

test('what cannot be is refused at its place', () => {
  assert.throws(() => printed({ closID: 'gold' }, undefined), /Intel RDT is not supported or enabled/)
  for (const closID of ['.', '..', 'a/b'])
    assert.throws(() => printed({ closID }, {}), { name: 'ConfigError', at: '/linux/intelRdt/closID' })
  assert.doesNotMatch(printed({}, undefined), /resctrl/)
})

test('what goes with the container', () => {
  const of = (intelRdt: IntelRdt) => rdtFolders({ ociVersion: '1.3.0', linux: { intelRdt } }, RESCTRL, 'web')
  assert.deepEqual(of({ memBwSchema: 'MB:0=20' }), ['/sys/fs/resctrl/web'])
  assert.deepEqual(of({ enableMonitoring: true }), [
    '/sys/fs/resctrl/web/mon_groups/web',
    '/sys/fs/resctrl/web',
  ])
  assert.deepEqual(of({ closID: 'gold' }), [])
  assert.deepEqual(of({ closID: '/', enableMonitoring: true }), ['/sys/fs/resctrl/mon_groups/web'])
})
