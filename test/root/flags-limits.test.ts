/**
 * Limits where the controllers are cgroup v1's, as on a hybrid host: one clear error each, never a shrug. Where they are
 * v2's, test/vm/limits.test.ts sees them enforced.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { skip, tinyctrForTests } from './tinyctr.ts'

const tinyctr = tinyctrForTests()
const mount = existsSync('/sys/fs/cgroup/unified') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup'
const file = `${mount}/cgroup.controllers`
const controllers = existsSync(file) ? readFileSync(file, 'utf8').trim().split(/\s+/) : []
const device = '/dev/loop0'

const limits: readonly (readonly [controller: string, ...flags: string[]])[] = [
  ['memory', '--memory', '20m'],
  ['memory', '--memory', '20m', '--memory-swap', '-1'],
  ['memory', '--memory-reservation', '20m'],
  ['cpu', '--cpus', '0.5'],
  ['cpu', '--cpu-shares', '100'],
  ['cpu', '--cpu-period', '100000', '--cpu-quota', '50000'],
  ['cpuset', '--cpuset-cpus', '0'],
  ['cpuset', '--cpuset-mems', '0'],
  ['pids', '--pids-limit', '20'],
  ['io', '--blkio-weight', '100'],
  ['io', '--device-read-bps', `${device}:1m`],
  ['io', '--device-write-bps', `${device}:1m`],
  ['io', '--device-read-iops', `${device}:100`],
  ['io', '--device-write-iops', `${device}:100`],
]

describe('limits', { skip }, () => {
  for (const [controller, ...flags] of limits) {
    const enforceable = controllers.includes(controller) && 'this host can enforce it: see test/vm'
    const noDevice = flags.some((flag) => flag.startsWith(device)) && !existsSync(device) && `needs ${device}`
    test(flags.join(' '), { skip: enforceable || noDevice }, () => {
      const { status, stdout, stderr } = tinyctr.run(flags, ['echo', 'ran'])
      assert.deepEqual({ status, stdout }, { status: 125, stdout: '' })
      assert.equal(stderr.trim().split('\n').length, 1, stderr)
      assert.match(stderr, new RegExp(`the cgroup v2 controller ${controller}\\b.*cgroup_no_v1=all`))
    })
  }

  test('no limit: nothing to enforce, nothing to complain of', () => {
    const flags = ['--pids-limit', '-1', '--memory-swap', '0', '--blkio-weight', '0']
    assert.equal(tinyctr.inside(flags, 'echo ran'), 'ran')
  })
})
