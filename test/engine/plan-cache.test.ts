import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodedPlan } from '../../src/engine/encoded-plan.ts'
import type { Launch } from '../../src/engine/launch.ts'
import { cachedPlan, withId, withoutId } from '../../src/engine/plan-cache.ts'
import type { Host } from '../../src/plan/host.ts'

const A = '0123456789abcdef'.repeat(4)
const B = 'fedcba9876543210'.repeat(4)

const host: Host = {
  architecture: 'x64',
  kernel: [6, 12],
  euid: 0,
  egid: 0,
  cgroup: { mount: '/sys/fs/cgroup', controllers: [], v1Controllers: [] },
  sources: {},
  nofile: { soft: 1024, hard: 4096 },
  cgroupBpf: false,
}

const launchOf = (id: string): Launch => ({
  input: {
    config: {
      ociVersion: '1.3.0',
      hostname: id.slice(0, 12),
      root: { path: '/rootfs' },
      process: { cwd: '/', args: ['/bin/true'], user: { uid: 0, gid: 0 } },
      linux: {
        cgroupsPath: `/tinyctr/${id}`,
        namespaces: [{ type: 'pid' }, { type: 'mount' }, { type: 'uts' }],
      },
    },
    host,
    bundle: '/',
    stateFolder: `/run/tinyctr/${id}`,
    journal: `/sys/fs/cgroup/tinyctr/${id}\n\n`,
    files: { hostname: `${id.slice(0, 12)}\n` },
  },
  terminal: false,
  interactive: false,
  cacheable: true,
  lab: { step: false, skip: [], executor: 'native', cgroup: true },
})

const bytesOf = (id: string): Promise<Uint8Array> => {
  const launch = launchOf(id)
  return encodedPlan(launch, { argv: ['/tinyctr'], envp: [], source: JSON.stringify(launch.input) })
}

test('the plan of one container with the id of another is the plan of the other', async () => {
  const file = Buffer.concat([Buffer.from(A), await bytesOf(A)])
  assert.deepEqual(Buffer.from(withId(file, B)), Buffer.from(await bytesOf(B)))
})

test('inputs that differ in the id alone are the same without it; any other difference stays', () => {
  const text = (id: string, rest = ''): string => JSON.stringify({ ...launchOf(id).input, rest })
  assert.equal(withoutId(text(A), A), withoutId(text(B), B))
  assert.notEqual(withoutId(text(A), A), withoutId(text(B, 'x'), B))
  // A whole id and the short of one are not the same place.
  assert.notEqual(withoutId(`"${A}"`, A), withoutId(`"${A.slice(0, 12)}${B.slice(12)}"`, A))
})

test('a program that is not one file caches nothing: nothing says which sources made the plan', async () => {
  const root = mkdtempSync(join(tmpdir(), 'tinyctr-plans-'))
  try {
    let made = 0
    const make = async (): Promise<Uint8Array> => new Uint8Array(++made)
    await cachedPlan(root, A, 'x', make)
    await cachedPlan(root, A, 'x', make)
    assert.equal(made, 2)
  } finally {
    rmSync(root, { recursive: true })
  }
})
