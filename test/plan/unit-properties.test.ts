import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Resources } from '../../src/oci/runtime-spec.ts'
import { resourceFiles } from '../../src/plan/cgroup-resources.ts'
import { unitProperties } from '../../src/plan/unit-properties.ts'

const of = (resources: Resources) =>
  Object.fromEntries(
    unitProperties(resourceFiles({ ociVersion: '1.3.0', linux: { resources } })).map(([name, ...rest]) => [
      name,
      rest,
    ]),
  )
const INFINITY = 0xffff_ffff_ffff_ffffn

test('limits as runc tells them to systemd', () => {
  assert.deepEqual(of({ memory: { limit: 100, swap: 150, reservation: 50 }, pids: { limit: -1 } }), {
    MemoryMax: ['t', 100n],
    MemorySwapMax: ['t', 50n],
    MemoryLow: ['t', 50n],
    TasksMax: ['t', INFINITY],
  })
  assert.deepEqual(of({ cpu: { quota: 12345, period: 100000, cpus: '0-1,9', mems: '0' } }), {
    CPUQuotaPeriodUSec: ['t', 100000n],
    CPUQuotaPerSecUSec: ['t', 130000n],
    AllowedCPUs: ['ay', [3, 2, 0, 0, 0, 0, 0, 0]],
    AllowedMemoryNodes: ['ay', [1, 0, 0, 0, 0, 0, 0, 0]],
  })
  assert.deepEqual(of({ cpu: { quota: -1, period: 50000 } }).CPUQuotaPerSecUSec, ['t', INFINITY])
})

test('unified: what systemd knows, and the last word', () => {
  assert.deepEqual(
    of({
      cpu: { shares: 1024 },
      unified: {
        'cpu.weight': '42',
        'cpu.max': 'max 100000',
        'memory.min': '7',
        'memory.high': 'max',
        'memory.oom.group': '1',
        'hugetlb.2MB.max': '0',
        'io.weight': 'default 33',
      },
    }),
    {
      CPUWeight: ['t', 42n],
      CPUQuotaPeriodUSec: ['t', 100000n],
      CPUQuotaPerSecUSec: ['t', INFINITY],
      MemoryMin: ['t', 7n],
      MemoryHigh: ['t', INFINITY],
      OOMPolicy: ['s', 'kill'],
      IOWeight: ['t', 33n],
    },
  )
  assert.deepEqual(of({ cpu: { idle: 1 } }), { CPUWeight: ['t', 0n] })
})
