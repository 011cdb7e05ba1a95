/**
 * Containers that are started, looked at, killed and removed at random, with their monitors and clients killed at random
 * too. At the end nothing is left that `ps -a` does not know, and after `rm -f` nothing at all.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { binary, IMAGE, skip } from '../tinyctr.ts'
import { lives } from './lives.ts'

const live = lives()
/** Of each worker; TINYCTR_CHAOS_ROUNDS=40 for some hundreds of containers, which takes minutes. */
const ROUNDS = Number(process.env.TINYCTR_CHAOS_ROUNDS ?? 6)
const WORKERS = 4

const random = (below: number): number => Math.floor(Math.random() * below)
const oneOf = <T>(values: readonly T[]): T => values[random(values.length)]!

function begin(...args: string[]): ChildProcess {
  const child = spawn(binary, [...live.tinyctr.globalFlags, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout!.resume()
  child.stderr!.resume()
  return child
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

const running = (child: ChildProcess): Promise<void> => ended(child)

/** The container's first process and whoever waits for it. */
function processesOf(name: string): { pid: number; monitor: number } | undefined {
  const { status, stdout } = live.command('inspect', '--format', '{{.State.Pid}}', name)
  const pid = Number(stdout)
  if (status !== 0 || !(pid > 0)) return undefined
  try {
    const monitor = Number(/^PPid:\s(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
    // Not the one that inherits orphans.
    return readFileSync(`/proc/${monitor}/comm`, 'utf8') === 'tinyctr\n' ? { pid, monitor } : undefined
  } catch {
    return undefined
  }
}

async function round(name: string): Promise<void> {
  const keep = oneOf([['--rm'], [], ['--restart', 'on-failure:3']])
  const program = oneOf([
    ['sleep', '100'],
    ['sh', '-c', 'echo x; exit 1'],
    ['sh', '-c', 'while :; do echo y; done'],
  ])
  const starting = begin(
    ...['run', oneOf(['-d', '-i']), '--name', name, '--cgroup-parent', live.tinyctr.cgroupParent],
    ...['--log-opt', 'max-size=100k', '--log-opt', 'max-file=2', ...keep, IMAGE, ...program],
  )
  await sleep(random(120))
  if (random(4) === 0) starting.kill('SIGKILL')
  const clients: ChildProcess[] = []
  for (let i = random(4); i > 0; i--) {
    const found = processesOf(name)
    switch (random(6)) {
      case 0:
        if (found) kill(found.pid)
        break
      case 1:
        if (found) kill(found.monitor)
        break
      case 2:
        clients.push(begin('attach', name))
        break
      case 3:
        clients.push(begin('exec', name, 'sleep', '1'))
        break
      case 4:
        await running(begin('stop', '-t', '0', name))
        break
      case 5:
        await running(begin('start', name))
    }
    await sleep(random(60))
    if (random(2) === 0) clients.at(-1)?.kill('SIGKILL')
  }
  if (random(3) > 0) await running(begin('rm', '-f', name))
  for (const child of [starting, ...clients]) {
    child.kill('SIGKILL')
    await ended(child)
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH')
  }
}

/** Whoever has a file of ours open. */
function holders(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readdirSync(`/proc/${pid}/fd`).some((fd) =>
          readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(live.tinyctr.folder),
        )
      } catch {
        return false // it has ended
      }
    })
    .map(
      (pid) =>
        `${pid} ${existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : ''}`,
    )
}

/** Its first process as `inspect` has it; undefined: it went by itself (--rm), and `ps -a` knows that too. */
function pidSaid(id: string): number | undefined {
  const { status, stdout, stderr } = live.command('inspect', '--format', '{{.State.Pid}}', id)
  if (status === 0) return Number(stdout)
  assert.match(stderr, /No such object/)
  assert.ok(!live.says('ps', '-aq', '--no-trunc').includes(id), `${id} is listed and is not there`)
  return undefined
}

test('chaos', { skip, timeout: 120_000 + ROUNDS * 20_000 }, async () => {
  await Promise.all(
    Array.from({ length: WORKERS }, async (_, worker) => {
      for (let i = 0; i < ROUNDS; i++) await round(`chaos-${worker}-${i}`)
    }),
  )
  const { dataRoot, root } = live.tinyctr
  const known = live.says('ps', '-aq', '--no-trunc').split('\n').filter(Boolean)
  for (const id of known) {
    const pid = pidSaid(id)
    if (pid === undefined) continue
    // Every record is whole and every container is known.
    const record = join(dataRoot, 'containers', id, 'container.json')
    if (existsSync(record)) JSON.parse(readFileSync(record, 'utf8'))
    else assert.equal(pidSaid(id), undefined)
    // What is said of each is what the kernel says, unless it ends just now.
    if (pid > 0 && !existsSync(`/proc/${pid}`)) assert.notEqual(pidSaid(id), pid, id)
  }
  if (known.length > 0) live.says('rm', '-f', ...known)
  // The next start sweeps what is left of monitors that were killed while they made a container.
  live.says('run', '--rm', '--cgroup-parent', live.tinyctr.cgroupParent, IMAGE, 'true')
  assert.equal(live.says('ps', '-aq'), '')
  assert.deepEqual(readdirSync(join(dataRoot, 'names')), [])
  assert.deepEqual(
    readdirSync(root).filter((name) => !/^(starts|seccomp)$/.test(name)),
    [],
  )
  assert.deepEqual(holders(), [])
})
