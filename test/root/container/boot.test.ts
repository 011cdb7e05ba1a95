/** After a reboot: what runs is gone, what is kept is there, and a unit starts what its restart policy wants. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { IMAGE, skip } from '../tinyctr.ts'
import { eventually, lives } from './lives.ts'

const live = lives()

/** All processes at once, everything below /run, and cgroups. */
async function reboot(names: readonly string[]): Promise<void> {
  const pids = names.map((name) => Number(live.field(name, '{{.State.Pid}}'))).filter((pid) => pid > 0)
  const monitors = pids.map((pid) =>
    Number(/^PPid:\s(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
  )
  for (const pid of [...monitors, ...pids]) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH')
    }
  }
  await eventually('they have ended', () =>
    names.every((name) => live.field(name, '{{.State.Running}}') === 'false'),
  )
  const { root, cgroupFolder } = live.tinyctr
  rmSync(root, { recursive: true })
  for (const entry of readdirSync(cgroupFolder, { withFileTypes: true }))
    if (entry.isDirectory()) rmdirSync(join(cgroupFolder, entry.name))
}

test('always, and unless-stopped that nobody stopped', { skip }, async () => {
  const policies = {
    always: 'always',
    unless: 'unless-stopped',
    stopped: 'unless-stopped',
    failure: 'on-failure',
    no: 'no',
  }
  for (const [name, policy] of Object.entries(policies))
    live.start(['--restart', policy, '--name', name], 'sh', '-c', 'echo up; exec sleep 100')
  live.start(['--restart', 'always', '--name', 'anyway'], 'sleep', '100')
  live.says('stop', '-t', '0', 'stopped', 'anyway')
  const names = [...Object.keys(policies), 'anyway']
  await reboot(names)
  assert.equal(live.says('ps', '-q'), '')
  assert.equal(live.field('always', '{{.State.Status}} {{.State.ExitCode}}'), 'exited 137')
  const wanted = live.says('ps', '-a', '--filter', 'should-start-on-boot=true', '--format', '{{.Names}}')
  assert.deepEqual(wanted.split('\n').sort(), ['always', 'anyway', 'unless'])

  // As the unit has it.
  const unit = live.says('system', 'boot-unit')
  const command = /^ExecStart=(.*)$/m.exec(unit)?.[1] ?? ''
  assert.match(
    command,
    /\/tinyctr --root \S+ --data-root \S+ start --all --filter should-start-on-boot=true$/,
  )
  const { status, stderr } = live.tinyctr.shell(command, [])
  assert.equal(status, 0, stderr)

  assert.deepEqual(live.says('ps', '--format', '{{.Names}}').split('\n').sort(), [
    'always',
    'anyway',
    'unless',
  ])
  await eventually('it has run twice', () => live.says('logs', 'always') === 'up\nup')
  assert.equal(live.field('always', '{{.RestartCount}}'), '0')
  live.says('start', '--all', '--filter', 'restart-policy=no')
  assert.equal(live.field('no', '{{.State.Running}}'), 'true')
  assert.equal(live.field('stopped', '{{.State.Running}}'), 'false')
  assert.match(live.command('start', '--all', 'no').stderr, /--all takes no containers/)
  assert.match(live.command('start').stderr, /requires at least 1 argument/)
  assert.match(live.command('start', '--filter', 'name=no', 'no').stderr, /--filter goes with --all/)
})

test('a start needs nothing of what a reboot takes: networks and names in /run are made anew', {
  skip,
}, async () => {
  live.start(['--restart', 'always', '--name', 'first', '--hostname', 'one'], 'sleep', '100')
  await reboot(['first'])
  live.says('start', '--all')
  assert.equal(live.says('exec', 'first', 'hostname'), 'one')
  live.says('run', '--rm', '--cgroup-parent', live.tinyctr.cgroupParent, IMAGE, 'true')
})
