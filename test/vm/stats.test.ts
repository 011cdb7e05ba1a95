/** `stats` and `update` where cgroup v2 has the controllers: the numbers are the cgroup's own. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { IMAGE, skip as lacks, Tinyctr } from '../root/tinyctr.ts'
import { notInVm } from './cgroup.ts'

const skip = lacks || notInVm

describe('stats', { skip }, () => {
  const tinyctr = skip ? (undefined as never) : new Tinyctr()
  const said = (...args: string[]): string => {
    const { status, stdout, stderr } = tinyctr.command(args)
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
    return stdout.trimEnd()
  }
  const file = (id: string, name: string): string =>
    readFileSync(`${tinyctr.cgroupFolder}/${id}/${name}`, 'utf8').trim()
  let id = ''

  before(async () => {
    await tinyctr.image('box', {})
    id = said(
      ...['run', '-d', '--name', 'eater', '--memory', '64m', '--cgroup-parent', tinyctr.cgroupParent],
      ...[
        '--tmpfs',
        '/t:size=32m',
        IMAGE,
        'sh',
        '-c',
        'dd if=/dev/zero of=/t/f bs=1M count=20 2>/dev/null; sleep 600 & sleep 600 & wait',
      ],
    )
    while (!/^anon|file \d{7,}/m.test(file(id, 'memory.stat')) || file(id, 'pids.current') !== '3');
  })
  after(() => {
    tinyctr.command(['rm', '-f', 'eater'])
    tinyctr.remove()
  })

  test('memory, limit and processes', () => {
    const [memory = '', limit, percent = '', pids] = said(
      'stats',
      '--no-stream',
      '--format',
      '{{.MemUsage}} {{.MemPerc}} {{.PIDs}}',
      'eater',
    ).split(/ \/ | /)
    const inactive = Number(/^inactive_file (\d+)$/m.exec(file(id, 'memory.stat'))![1])
    const expected = (Number(file(id, 'memory.current')) - inactive) / 2 ** 20
    assert.match(memory, /^[\d.]+MiB$/)
    assert.ok(
      Math.abs(Number.parseFloat(memory) - expected) < 0.5,
      `${memory}, the cgroup says ${expected} MiB`,
    )
    assert.ok(Number.parseFloat(memory) > 20, `${memory}: 20 MiB are on its tmpfs`)
    assert.equal(limit, '64MiB')
    assert.ok(Math.abs(Number.parseFloat(percent) - (expected / 64) * 100) < 1, percent)
    assert.equal(pids, '3')
    assert.equal(pids, file(id, 'pids.current'))
  })

  test('update changes the limits of what runs, and what inspect says', () => {
    assert.equal(
      said('update', '--memory', '96m', '--memory-swap', '96m', '--pids-limit', '50', 'eater'),
      'eater',
    )
    assert.equal(file(id, 'memory.max'), String(96 * 2 ** 20))
    assert.equal(file(id, 'pids.max'), '50')
    assert.equal(
      said('inspect', '-f', '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}', 'eater'),
      `${96 * 2 ** 20} 50`,
    )
    assert.match(said('stats', '--no-stream', '--format', '{{.MemUsage}}', 'eater'), / \/ 96MiB$/)
    assert.equal(said('update', '--cpus', '0.5', 'eater'), 'eater')
    assert.equal(file(id, 'cpu.max'), '50000 100000')
    assert.equal(file(id, 'memory.max'), String(96 * 2 ** 20), 'what was not asked for stays')
  })

  test('doctor finds the controllers', () => {
    assert.match(said('doctor'), /^ok +cgroup v2 +at \/sys\/fs\/cgroup$/m)
  })
})
