/** systemd as the first process of namespaces of its own, below a cgroup of its own, with its message bus. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SYSTEMD = '/lib/systemd/systemd'

export const withoutSystemd: string | false =
  existsSync(SYSTEMD) && existsSync('/usr/bin/dbus-daemon') ? false : 'needs the packages systemd and dbus'

/** The unit is all there is to start: no getty, no journal, no udev. */
const BOOT = `
set -eu
mkdir -p /sys/fs/cgroup/systemd
echo $$ >/sys/fs/cgroup/systemd/cgroup.procs
exec unshare --cgroup --mount --pid --fork --kill-child=KILL --mount-proc sh -c '
umount /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# Who is not in our process namespace is 0: a cgroup with processes cannot give controllers to those below it.
while grep -q ^0 /sys/fs/cgroup/cgroup.procs; do sleep 0.05; done
mount -t tmpfs tmpfs /run
for unit in dbus.service dbus.socket; do
  mkdir -p /run/systemd/system/$unit.d
  printf "[Unit]\\nDefaultDependencies=no\\n" >/run/systemd/system/$unit.d/alone.conf
done
export container=other
exec ${SYSTEMD} --system --unit=dbus.service --log-level=warning --log-target=console'
`

export interface Result {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export class Systemd {
  private readonly process: ChildProcess
  private readonly first: string
  private readonly folder = mkdtempSync(join(tmpdir(), 'tinyctr-systemd-'))

  private constructor(process: ChildProcess, first: string) {
    this.process = process
    this.first = first
  }

  static async start(): Promise<Systemd> {
    const process = spawn('sh', ['-c', BOOT], { stdio: ['ignore', 'inherit', 'inherit'] })
    const children = `/proc/${process.pid}/task/${process.pid}/children`
    for (let tries = 0; tries < 300; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      assert.equal(process.exitCode, null, 'systemd has ended')
      const [first] = existsSync(children) ? readFileSync(children, 'utf8').split(' ') : []
      if (!first) continue
      writeFileSync('/sys/fs/cgroup/cgroup.procs', String(process.pid))
      const systemd = new Systemd(process, first)
      if (systemd.nearby('busctl', 'status', 'org.freedesktop.systemd1').status === 0) return systemd
    }
    throw new Error('systemd does not come up')
  }

  /** In its namespaces, in nobody's unit. */
  nearby(...command: string[]): Result {
    const args = ['-t', this.first, '--mount', '--pid', '--cgroup', '--', ...command]
    // Files: a container that goes on would keep pipes open.
    const names = ['stdout', 'stderr'].map((name) => join(this.folder, name))
    const files = names.map((name) => openSync(name, 'w'))
    const { status } = spawnSync('nsenter', args, { stdio: ['ignore', ...files], timeout: 30_000 })
    for (const fd of files) closeSync(fd)
    const [stdout = '', stderr = ''] = names.map((name) => readFileSync(name, 'utf8'))
    return { status, stdout, stderr }
  }

  /** As a service of it, in a cgroup of its tree; without what services wait for: sysinit.target would empty /tmp. */
  run(...command: string[]): Result {
    return this.nearby(
      'systemd-run',
      '--quiet',
      '--pipe',
      '--wait',
      '--collect',
      '-p',
      'DefaultDependencies=no',
      '--',
      ...command,
    )
  }

  /** Properties of a unit as systemctl(1) shows them. */
  show(unit: string, ...names: string[]): Record<string, string> {
    const { stdout } = this.nearby('systemctl', 'show', '-p', names.join(','), unit)
    return Object.fromEntries(
      stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split(/=(.*)/s, 2)),
    )
  }

  stop(): void {
    this.process.kill('SIGKILL')
    rmSync(this.folder, { recursive: true })
  }
}
