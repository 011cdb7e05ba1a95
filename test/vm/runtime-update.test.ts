/** `tinyctr-runtime` on pure cgroup v2: limits of engines at create, changed while the container runs, frozen, counted. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { RuntimeDoor } from '../root/runtime-door.ts'
import { notInVm } from './cgroup.ts'

describe('the runtime of engines on cgroup v2', { skip: notInVm }, () => {
  const cgroup = '/sys/fs/cgroup/engine/one'
  const read = (file: string): string => readFileSync(`${cgroup}/${file}`, 'utf8').trim()

  function withContainer(resources: object, look: (door: RuntimeDoor) => void): void {
    const door = new RuntimeDoor()
    try {
      door.configure(['sleep', '1000'], {
        linux: {
          namespaces: (['pid', 'mount', 'cgroup'] as const).map((type) => ({ type })),
          cgroupsPath: '/engine/one',
          resources,
        },
      })
      door.create('c1')
      door.quietly('start', 'c1')
      look(door)
      door.quietly('delete', '--force', 'c1')
      assert.throws(() => read('cgroup.procs'), { code: 'ENOENT' })
    } finally {
      door.remove()
    }
  }

  test('update by flags, by a file, on standard input; what is not named stays', () => {
    withContainer({ memory: { limit: 64 << 20 }, pids: { limit: 50 }, cpu: { shares: 1024 } }, (door) => {
      assert.deepEqual(
        [read('memory.max'), read('pids.max'), read('cpu.weight')],
        [`${64 << 20}`, '50', '100'],
      )
      door.quietly('update', '--memory', '32m', '--pids-limit', '20', 'c1')
      assert.deepEqual(
        [read('memory.max'), read('pids.max'), read('cpu.weight')],
        [`${32 << 20}`, '20', '100'],
      )
      door.quietly('update', '--cpu-quota', '20000', 'c1')
      door.quietly('update', '--cpu-period', '50000', 'c1')
      assert.equal(read('cpu.max'), '20000 50000')
      const resources = {
        memory: { limit: 48 << 20, swap: 96 << 20 },
        unified: { 'memory.high': '40000000' },
      }
      const { status, stderr } = door.call(['update', '-r', '-', 'c1'], { input: JSON.stringify(resources) })
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
      assert.equal(read('memory.max'), `${48 << 20}`)
      assert.equal(read('memory.high'), '39997440')
      door.quietly('update', '--memory', '-1', '--pids-limit', '-1', 'c1')
      assert.deepEqual([read('memory.max'), read('pids.max')], ['max', 'max'])
    })
  })

  test('pause, resume, kill while paused', () => {
    withContainer({}, (door) => {
      door.quietly('pause', 'c1')
      assert.equal(door.status('c1'), 'paused')
      assert.equal(read('cgroup.freeze'), '1')
      door.quietly('resume', 'c1')
      assert.equal(door.status('c1'), 'running')
      door.quietly('pause', 'c1')
      door.quietly('kill', '--all', 'c1', 'KILL')
    })
  })

  test('events --stats', () => {
    withContainer({ memory: { limit: 64 << 20 }, pids: { limit: 50 } }, (door) => {
      const { type, id, data } = JSON.parse(door.call(['events', '--stats', 'c1']).stdout)
      assert.deepEqual(
        [type, id, data.memory.usage.limit, data.pids],
        ['stats', 'c1', 64 << 20, { current: 1, limit: 50 }],
      )
      assert.ok(data.memory.usage.usage > 0 && data.cpu.usage.total >= 0)
    })
  })

  test('exec starts in the cgroup', () => {
    withContainer({}, (door) => {
      assert.equal(door.call(['exec', 'c1', 'cat', '/proc/self/cgroup']).stdout, '0::/\n')
    })
  })

  test('a cgroup with processes in it is not taken', () => {
    withContainer({}, (door) => {
      const { status, stderr } = door.call(['create', '--bundle', door.bundle, 'c2'])
      assert.equal(status, 1)
      assert.match(stderr, /container's cgroup is not empty/)
    })
  })
})
