/**
 * A network of a test's own: a "host" in a network namespace, where tinyctr runs, and a neighbour in another, joined by a
 * wire. The machine's own network is never touched.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { binary, type Result, type Tinyctr } from '../root/tinyctr.ts'

export const HOST_ADDRESS = '198.51.100.1'
export const NEIGHBOUR_ADDRESS = '198.51.100.2'

export const ECHO = join(import.meta.dirname, 'echo.py')
/** For a shell here or there: what an echo server says. */
export const ask = (protocol: string, address: string, port: number, text: string): string =>
  `python3 ${ECHO} ask ${protocol} ${address} ${port} ${text}`

export class NetHost {
  readonly #host: ChildProcess
  readonly #neighbour: ChildProcess
  readonly #tinyctr: Tinyctr
  readonly #servers: ChildProcess[] = []

  private constructor(tinyctr: Tinyctr, host: ChildProcess, neighbour: ChildProcess) {
    this.#tinyctr = tinyctr
    this.#host = host
    this.#neighbour = neighbour
  }

  static async make(tinyctr: Tinyctr): Promise<NetHost> {
    const hold = () => spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' })
    const made = new NetHost(tinyctr, hold(), hold())
    // Until unshare has made its namespace, it is still in ours.
    for (const { pid } of [made.#host, made.#neighbour]) while (same(pid!)) await setTimeout(5)
    made.onHost(`ip link set lo up
      ip link add wire type veth peer name wire netns ${made.#neighbour.pid}
      ip address add ${HOST_ADDRESS}/24 dev wire; ip link set wire up
      ip address add 2001:db8::1/64 dev wire nodad`)
    made.onNeighbour(`ip link set lo up; ip address add ${NEIGHBOUR_ADDRESS}/24 dev wire; ip link set wire up
      ip address add 2001:db8::2/64 dev wire nodad`)
    return made
  }

  /** A process in it. */
  get pid(): number {
    return this.#host.pid as number
  }

  #enter(pid: number | undefined): string[] {
    return ['--target', String(pid), '--net', '--']
  }

  /** A shell script in the host's namespace; its standard output, without the last newline. */
  onHost(script: string): string {
    return this.#shell(this.#host, script)
  }

  onNeighbour(script: string): string {
    return this.#shell(this.#neighbour, script)
  }

  #shell({ pid }: Pick<ChildProcess, 'pid'>, script: string): string {
    const { stdout, stderr } = spawnSync('nsenter', [...this.#enter(pid), 'sh', '-c', script], {
      encoding: 'utf8',
      timeout: 30_000,
    })
    return (stdout + stderr).replace(/\n$/, '')
  }

  /** A command line of tinyctr on this host, where networks are what they are for everybody. */
  command(...args: readonly string[]): Result {
    return this.commandUnder([], ...args)
  }

  /** The same under a command that changes what it finds: `env`, `prlimit`, ... */
  commandUnder(wrapper: readonly string[], ...args: readonly string[]): Result {
    const line = [...this.#enter(this.#host.pid), ...wrapper, binary, ...this.#tinyctr.globalFlags, ...args]
    return spawnSync('nsenter', line, {
      env: { PATH: process.env.PATH },
      encoding: 'utf8',
      timeout: 60_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  run(flags: readonly string[], command: readonly string[]): Result {
    return this.command(...this.#tinyctr.runArguments(flags, command))
  }

  /** A container that stays, detached; its id. */
  detached(flags: readonly string[], script: string): string {
    const { status, stdout, stderr } = this.run(['-d', ...flags], ['/bin/sh', '-c', script])
    if (status !== 0) throw new Error(stderr)
    return stdout.trim()
  }

  /** A shell script in a container's network namespace, of programs of this machine. */
  insideOf(id: string, script: string): string {
    const pid = Number(this.command('inspect', '-f', '{{.State.Pid}}', id).stdout)
    return this.#shell({ pid }, script)
  }

  /** An echo server in the network namespace of a container, by a program of this machine; it ends by itself. */
  async echo(id: string, protocol: string, address: string, port: number): Promise<void> {
    const pid = this.command('inspect', '-f', '{{.State.Pid}}', id).stdout.trim()
    const words = ['--target', pid, '--net', '--', 'python3', ECHO, 'serve', protocol, address, String(port)]
    const server = spawn('nsenter', words, { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(server.stdout, 'data')
    this.#servers.push(server)
  }

  end(): void {
    for (const server of this.#servers) server.kill('SIGKILL')
    for (const one of [this.#host, this.#neighbour]) one.kill('SIGKILL')
  }
}

function same(pid: number): boolean {
  const of = (who: string): string =>
    spawnSync('readlink', [`/proc/${who}/ns/net`], { encoding: 'utf8' }).stdout
  return of(String(pid)) === of('self')
}
