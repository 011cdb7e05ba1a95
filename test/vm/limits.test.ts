/** Limits that bite: each against a control that differs in the limit alone. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { notInVm } from './cgroup.ts'
import '../no-network.ts'

/** Runs a shell script in a container of the fixture image. */
function runScript(flags: readonly string[], script: string) {
  const args = ['run', '--rm', ...flags, 'busybox', 'sh', '-c', script]
  const { status, stdout, stderr } = spawnSync('build/tinyctr', args, { encoding: 'utf8', timeout: 60_000 })
  return { status, stdout, stderr, all: `${stdout}${stderr}` }
}

function cgroups(): string[] {
  return readdirSync('/sys/fs/cgroup', { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .sort()
}

/** What /sys/fs/cgroup/cpu.stat, pids.events ... say of one key. */
function statistic(text: string, key: string): number {
  return Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
}

describe('limits', { skip: notInVm }, () => {
  test('--memory kills what takes more', () => {
    // dd touches a buffer of 64 MiB. exec: the container's first process is what dies.
    const eat = 'exec dd if=/dev/zero of=/dev/null bs=64M count=1'
    assert.equal(runScript(['--memory', '128m'], eat).status, 0)
    const killed = runScript(['--memory', '32m'], eat)
    assert.equal(killed.status, 137, killed.all)
  })

  test('--memory and --memory-swap are in the cgroup before the first instruction', () => {
    const { stdout, all } = runScript(
      ['--memory', '32m', '--memory-swap', '48m'],
      'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory.high',
    )
    assert.equal(stdout, `${32 * 2 ** 20}\nmax\n`, all)
  })

  test('--cpus throttles', () => {
    const work =
      'i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done; cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu.stat'
    const free = runScript([], work)
    assert.equal(statistic(free.stdout, 'nr_throttled'), 0, free.all)
    const limited = runScript(['--cpus', '0.2'], work)
    assert.match(limited.stdout, /^20000 100000$/m, limited.all)
    assert.ok(statistic(limited.stdout, 'nr_throttled') > 0, limited.all)
  })

  test('--pids-limit stops forks', () => {
    // In a subshell, which a failed fork ends; what reports runs in builtins, which need no fork.
    const forks =
      '(for n in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1 & done); read events </sys/fs/cgroup/pids.events; echo "$events"'
    const free = runScript(['--pids-limit', '64'], forks)
    assert.equal(statistic(free.stdout, 'max'), 0, free.all)
    const limited = runScript(['--pids-limit', '8'], forks)
    assert.ok(statistic(limited.stdout, 'max') > 0, limited.all)
    assert.match(limited.stderr, /can't fork/)
  })

  test('leave no cgroup behind, after an end and after a kill', () => {
    // The first run makes the parent that all of them share.
    assert.equal(runScript(['--memory', '128m'], 'true').status, 0)
    const before = cgroups()
    assert.equal(
      runScript(['--memory', '32m'], 'exec dd if=/dev/zero of=/dev/null bs=64M count=1').status,
      137,
    )
    assert.equal(runScript(['--pids-limit', '8'], 'sleep 100 & exit 3').status, 3)
    assert.deepEqual(cgroups(), before)
  })
})
