/** The machine itself: what the other tests here build upon. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { notInVm } from './cgroup.ts'

const read = (path: string) => readFileSync(path, 'utf8').trim()

describe('the machine', { skip: notInVm }, () => {
  test('has pure cgroup v2 with the controllers enabled for children', () => {
    assert.match(read('/proc/mounts'), /^cgroup2 \/sys\/fs\/cgroup cgroup2 /m)
    assert.doesNotMatch(read('/proc/mounts'), / cgroup cgroup /)
    assert.deepEqual(read('/sys/fs/cgroup/cgroup.subtree_control').split(' ').sort(), [
      'cpu',
      'io',
      'memory',
      'pids',
    ])
  })

  test('freezes a new cgroup and kills it', () => {
    const cgroup = '/sys/fs/cgroup/machine-test'
    mkdirSync(cgroup)
    try {
      writeFileSync(join(cgroup, 'cgroup.freeze'), '1')
      assert.match(read(join(cgroup, 'cgroup.events')), /^frozen 1$/m)
      writeFileSync(join(cgroup, 'cgroup.kill'), '1')
    } finally {
      execFileSync('rmdir', [cgroup])
    }
  })

  test('mounts an overlay whose upper folder keeps ownership and whiteouts', () => {
    const folder = mkdtempSync(join(tmpdir(), 'overlay-'))
    const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) =>
      join(folder, name),
    ) as [string, string, string, string]
    for (const path of [lower, upper, work, merged]) mkdirSync(path)
    writeFileSync(join(lower, 'gone'), '')
    execFileSync('mount', [
      '-t',
      'overlay',
      '-o',
      `lowerdir=${lower},upperdir=${upper},workdir=${work}`,
      'overlay',
      merged,
    ])
    try {
      rmSync(join(merged, 'gone'))
      assert.equal(
        execFileSync('stat', ['-c', '%F %t,%T', join(upper, 'gone')], { encoding: 'utf8' }).trim(),
        'character special file 0,0',
      )
    } finally {
      execFileSync('umount', [merged])
    }
  })

  test('has a loopback that is up, a bridge and a pair of virtual ethernet devices', () => {
    assert.match(execFileSync('ip', ['link', 'show', 'lo'], { encoding: 'utf8' }), /[<,]UP[,>]/)
    execFileSync('ip', ['link', 'add', 'bridge-test', 'type', 'bridge'])
    execFileSync('ip', ['link', 'add', 'veth-a', 'type', 'veth', 'peer', 'name', 'veth-b'])
    execFileSync('ip', ['link', 'del', 'veth-a'])
    execFileSync('ip', ['link', 'del', 'bridge-test'])
  })
})
