/** The built `tinyctr` as an ordinary user calls it, on a machine of the test's own. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { binary, IMAGE, type Result, Tinyctr } from './tinyctr.ts'

export const NOBODY = 65534
export const [FIRST, COUNT] = [200_000, 65_536] as const

/** What a machine has besides the processes and files of this one. */
export interface Machine {
  /** A shell script, run as root in its namespaces. */
  readonly setUp?: string
}

/** An address outside that the machine has a way to, and its own on that way. */
export const OUTSIDE = '192.0.2.1'
export const HOST = '192.0.2.2'

/**
 * Nobody's own folders, and a machine of mount and network namespaces: ids may be granted there, tap devices be made, and
 * a way out leads to a network namespace that is outside.
 */
export class Rootless extends Tinyctr {
  readonly home = join(this.folder, 'home')
  readonly runtime = join(this.folder, 'runtime')
  override readonly root = join(this.runtime, 'tinyctr')
  override readonly dataRoot = join(this.home, '.local/share/tinyctr')
  private readonly machine: number

  constructor({ setUp = 'true' }: Machine = {}) {
    super()
    chmodSync(this.folder, 0o755)
    for (const folder of [this.home, this.runtime]) {
      mkdirSync(folder, { mode: 0o700 })
      chownSync(folder, NOBODY, NOBODY)
    }
    writeFileSync(join(this.folder, 'range'), `nobody:${FIRST}:${COUNT}\n`)
    this.machine = this.startMachine(setUp)
  }

  /** @returns a process in its namespaces, which lives as long as we do */
  private startMachine(setUp: string): number {
    const script = `
      mount --bind ${this.folder}/range /etc/subuid && mount --bind ${this.folder}/range /etc/subgid &&
      mount -t tmpfs tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200 && ip link set lo up &&
      { unshare -n sh -c 'ip link set lo up; exec tail --pid=${process.pid} -f /dev/null' >/dev/null 2>&1 & } &&
      echo $! >${this.folder}/outside && until [ "$(readlink /proc/$!/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do :; done &&
      ip link add up0 type veth peer name out0 && ip link set out0 netns $! &&
      ip address add ${HOST}/24 dev up0 && ip link set up0 up && ip route add default via ${OUTSIDE} &&
      nsenter -t $! -n sh -c 'ip address add ${OUTSIDE}/24 dev out0 && ip link set out0 up' &&
      ${setUp} && echo $$ && exec tail --pid=${process.pid} -f /dev/null >/dev/null 2>&1`
    const { stdout, stderr } = spawnSync('sh', ['-c', 'unshare -m -n sh -c "$1" &', 'sh', script], {
      encoding: 'utf8',
    })
    assert.match(stdout, /^\d+\n$/, stderr)
    return Number(stdout)
  }

  /** A script of root's on the machine, or outside. It must not leave anything that holds its output. */
  onMachine(script: string, where: 'machine' | 'outside' = 'machine'): string {
    const pid =
      where === 'machine' ? this.machine : Number(readFileSync(join(this.folder, 'outside'), 'utf8'))
    const { status, stdout, stderr } = spawnSync(
      'nsenter',
      ['-t', String(pid), '-n', ...(where === 'machine' ? ['-m'] : []), 'sh', '-c', script],
      { encoding: 'utf8', timeout: 30_000 },
    )
    assert.equal(status, 0, stderr)
    return stdout.trimEnd()
  }

  /** @param options range: ids are granted to nobody; setUp: a script of nobody's, before */
  as(args: readonly string[], { range = false, setUp = 'true' } = {}): Result {
    return this.program(binary, args, { range, setUp })
  }

  commandLine(args: readonly string[]): string[] {
    return [binary, ...args]
  }

  /** @param options before: a script of root's, in the process that becomes the program */
  program(
    program: string,
    args: readonly string[],
    { range = false, setUp = 'true', before = 'true' } = {},
  ): Result {
    const withdraw = range
      ? 'true'
      : 'for f in /etc/subuid /etc/subgid; do mount --bind /dev/null $f || exit; done'
    const drop = `exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups`
    const enter = `env -i PATH=$PATH HOME=${this.home} XDG_RUNTIME_DIR=${this.runtime}`
    const script = `${withdraw} && ${before} && ${drop} ${enter} /bin/sh -c '${setUp} && exec "$@"' sh "$@"`
    return spawnSync(
      'nsenter',
      [
        '-t',
        String(this.machine),
        '-m',
        '-n',
        ...(range ? [] : ['unshare', '-m']),
        '/bin/sh',
        '-c',
        script,
        'sh',
        program,
        ...args,
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 },
    )
  }

  /** As root, on the machine. */
  asRoot(args: readonly string[]): Result {
    return spawnSync(
      'nsenter',
      ['-t', String(this.machine), '-m', '-n', binary, ...super.globalFlags, ...args],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 60_000,
      },
    )
  }

  /** What a command prints; it must end well and say nothing else. */
  quietly(args: readonly string[], options: { range?: boolean } = {}): string {
    const { status, stdout, stderr } = this.as(args, options)
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
    return stdout.trimEnd()
  }

  /** What a script says inside; it must end well. */
  says(flags: readonly string[], script: string, options: { range?: boolean } = {}): string {
    return this.quietly(['run', '--rm', ...flags, IMAGE, '/bin/sh', '-c', script], options)
  }

  /** Processes of the machine that run such a program. */
  running(name: string): number[] {
    return inNetworkOf(this.machine).filter((pid) => read(`/proc/${pid}/comm`).startsWith(name))
  }

  override remove(): void {
    const outside = Number(read(join(this.folder, 'outside')))
    for (const pid of [...inNetworkOf(this.machine), ...inNetworkOf(outside)]) process.kill(pid, 'SIGKILL')
    super.remove()
  }
}

/** Empty for a process that has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function networkOf(pid: number | string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return undefined // it has ended
  }
}

function inNetworkOf(pid: number): number[] {
  const network = networkOf(pid)
  assert.notEqual(network, networkOf('self'))
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && network !== undefined && networkOf(name) === network)
    .map(Number)
}
