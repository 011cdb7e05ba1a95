/** The kernel's word on a container that took too much: read before its cgroup goes, and kept. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { notInVm } from './cgroup.ts'
import '../no-network.ts'

function says(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('build/tinyctr', args, { encoding: 'utf8', timeout: 60_000 })
  assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`)
  return stdout.trim()
}

// dd touches a buffer of 64 MiB. exec: the container's first process is what dies.
const EAT = 'exec dd if=/dev/zero of=/dev/null bs=64M count=1'

describe('a detached container', { skip: notInVm }, () => {
  for (const [memory, code, killed] of [
    ['32m', '137', 'true'],
    ['128m', '0', 'false'],
  ] as const) {
    test(`with ${memory} of memory that takes 64m: exit code ${code}, OOMKilled ${killed}`, () => {
      const id = says('run', '-d', '--memory', memory, 'busybox', 'sh', '-c', EAT)
      assert.equal(says('wait', id), code)
      assert.equal(
        says('inspect', '--format', '{{.State.ExitCode}} {{.State.OOMKilled}}', id),
        `${code} ${killed}`,
      )
      says('rm', id)
    })
  }
})
