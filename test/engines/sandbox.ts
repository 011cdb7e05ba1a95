/**
 * Where an engine runs: mount, network and process namespaces of its own. Its state and data lie on tmpfs mounts that
 * nobody else sees, its network is a loopback, and closing the sandbox ends every process in it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runtime } from './runtime.ts'

export interface Result {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Terminal {
  readonly output: string
  readonly code: number
}

export type TerminalStep = ['expect' | 'send', string]

const terminal = join(import.meta.dirname, '../root/terminal.py')
const limitMilliseconds = 90_000

/** What is covered is the host's engines' own; a hybrid host's v2 mount goes for who refuses to see both versions. */
const setUp = `
set -e
for folder in /run /var/lib/containers /var/lib/containerd /var/lib/docker /var/lib/cni; do
  [ -d $folder ] || mkdir -p $folder
  mount -t tmpfs tmpfs $folder
done
mkdir -p /run/lock
ip link set lo up
[ "$HIDE_UNIFIED" != yes ] || umount /sys/fs/cgroup/unified 2>/dev/null || true
echo ready
while :; do sleep 1000 & wait; done`

export class Sandbox {
  /** Seen by both sides under the same name; on tmpfs. */
  readonly folder = mkdtempSync('/dev/shm/tinyctr-engine-')
  private readonly holder: ChildProcess
  private inner = 0

  private constructor(hidesUnified: boolean) {
    const namespaces = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc']
    this.holder = spawn('unshare', [...namespaces, '--propagation', 'private', '--', 'sh', '-c', setUp], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, HIDE_UNIFIED: hidesUnified ? 'yes' : 'no' },
    })
  }

  static async open(hidesUnified: boolean = runtime.hidesUnified): Promise<Sandbox> {
    const sandbox = new Sandbox(hidesUnified)
    const { pid, stdout } = sandbox.holder
    await Promise.race([
      once(stdout!, 'data'),
      once(sandbox.holder, 'exit').then(([code]) => {
        throw new Error(`Cannot open a sandbox: unshare exited with ${code}`)
      }),
    ])
    sandbox.inner = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim())
    return sandbox
  }

  /** Of its first process, as the host numbers it. */
  get pid(): number {
    return this.inner
  }

  /** What a command line begins with to run inside. */
  get enter(): string[] {
    return ['nsenter', '--target', `${this.inner}`, '--mount', '--net', '--pid', '--']
  }

  run(command: readonly string[], { env, input }: { env?: NodeJS.ProcessEnv; input?: string } = {}): Result {
    const [file, ...args] = [...this.enter, ...command]
    return spawnSync(file as string, args, {
      encoding: 'utf8',
      timeout: limitMilliseconds,
      input: input ?? '',
      env: { PATH: process.env.PATH, ...env },
    })
  }

  /** A daemon; what it says goes to `log`, a file in the sandbox's folder. */
  start(command: readonly string[], log: string, env: NodeJS.ProcessEnv = {}): void {
    const script = 'exec "$@" >"$0" 2>&1'
    const [file, ...args] = [...this.enter, 'sh', '-c', script, join(this.folder, log), ...command]
    spawn(file as string, args, {
      stdio: 'ignore',
      env: { PATH: process.env.PATH, ...env },
    })
  }

  /** On a pseudo-terminal, with somebody who types. */
  onTerminal(
    steps: readonly TerminalStep[],
    command: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): Terminal {
    const { stdout, stderr } = this.run(['python3', terminal, JSON.stringify(steps), ...command], { env })
    const lines = stdout.trimEnd().split('\n')
    const last = lines.pop() ?? ''
    if (!last.startsWith('{')) throw new Error(`${stdout}${last}${stderr}`)
    return { output: lines.join('\n'), code: (JSON.parse(last) as { code: number }).code }
  }

  async close(): Promise<void> {
    if (this.holder.exitCode === null) {
      // Its child goes with it (--kill-child), and every process of the namespace with that.
      this.holder.kill('SIGKILL')
      while (existsSync(`/proc/${this.inner}`)) await new Promise((next) => setTimeout(next, 10))
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The first of these programs that is not on this host; for a reason to skip. */
export const missingProgram = (...programs: string[]): string | undefined =>
  programs.find(
    (program) => !(process.env.PATH ?? '').split(':').some((folder) => existsSync(`${folder}/${program}`)),
  )
