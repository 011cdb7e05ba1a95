/** Limits without root: in the cgroup that systemd lends to each user, made by hand here. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { notInVm } from './cgroup.ts'
import '../no-network.ts'

const NOBODY = 65534
const top = '/sys/fs/cgroup'
const lent = `${top}/user.slice/user@${NOBODY}.service`
const home = '/run/nobody'

test('limits are those of the cgroup that was lent; where none was, they are refused', {
  skip: notInVm,
}, () => {
  mkdirSync(`${lent}/init.scope`, { recursive: true })
  for (const folder of [top, `${top}/user.slice`])
    writeFileSync(`${folder}/cgroup.subtree_control`, '+memory +pids +cpu')
  for (const path of [
    '',
    '/cgroup.procs',
    '/cgroup.subtree_control',
    '/init.scope',
    '/init.scope/cgroup.procs',
  ])
    chownSync(`${lent}${path}`, NOBODY, NOBODY)
  mkdirSync(home, { mode: 0o700 })
  chownSync(home, NOBODY, NOBODY)

  const run = (cgroup: string, flags: readonly string[], script: string) => {
    const enter = `echo $$ >${cgroup}/cgroup.procs && exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups env HOME=${home} XDG_RUNTIME_DIR=${home} TINYCTR_NETWORK=none "$@"`
    const args = ['build/tinyctr', 'run', '--rm', ...flags, 'busybox', 'sh', '-c', script]
    return spawnSync('sh', ['-c', enter, 'sh', ...args], { encoding: 'utf8', timeout: 60_000 })
  }
  const files = 'cd /sys/fs/cgroup && cat memory.max pids.max cpu.max'
  const limited = run(`${lent}/init.scope`, ['-m', '32m', '--pids-limit', '20', '--cpus', '0.5'], files)
  assert.equal(limited.stdout, `${32 * 2 ** 20}\n20\n50000 100000\n`, limited.stderr)
  const eat = 'exec dd if=/dev/zero of=/dev/null bs=64M count=1'
  assert.equal(run(`${lent}/init.scope`, ['-m', '128m'], eat).status, 0)
  assert.equal(run(`${lent}/init.scope`, ['-m', '32m'], eat).status, 137)

  const refused = run(top, ['-m', '32m'], files)
  assert.equal(refused.status, 125)
  assert.match(
    refused.stderr,
    /expected cgroup v2 to set memory\.max, but there is none here that we may write/,
  )
})
