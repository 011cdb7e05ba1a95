/**
 * What stays in memory while a container runs: each process between the caller and the container's own, its RSS and PSS
 * in kB (proc_pid_smaps_rollup(5)). As root, after bin/build: node --import tsx bench/memory.ts
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { makeBundle } from './bundle.ts'
import { printBar } from './rounds.ts'
import { here } from './timer.ts'

const folder = `/dev/shm/tinyctr-bench-memory-${process.pid}`
const peer = (name: string): string => execFileSync(here(`peers/${name}`), { encoding: 'utf8' }).trim()

interface Stayer {
  readonly pid: number
  readonly name: string
  readonly executable: string
  readonly rss: number
  readonly pss: number
}

const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )

/** `pid` and its descendants, but for those inside the container: they have another pid namespace. */
function stayers(pid: number): Stayer[] {
  if (readlinkSync(`/proc/${pid}/ns/pid`) !== readlinkSync('/proc/self/ns/pid')) return []
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const kilobytes = (field: string): number => Number(new RegExp(`^${field}: +(\\d+)`, 'm').exec(rollup)?.[1])
  const own = {
    pid,
    name: readFileSync(`/proc/${pid}/comm`, 'utf8').trim(),
    executable: readlinkSync(`/proc/${pid}/exe`),
    rss: kilobytes('Rss'),
    pss: kilobytes('Pss'),
  }
  return [own, ...childrenOf(pid).flatMap(stayers)]
}

const inside = (pid: number): boolean =>
  childrenOf(pid).some(
    (child) => readlinkSync(`/proc/${child}/ns/pid`) !== readlinkSync('/proc/self/ns/pid') || inside(child),
  )

/** Bounded: a container that is not there after five seconds never comes. */
async function measure(command: readonly string[]): Promise<Stayer[]> {
  const [file = '', ...args] = command
  const started: ChildProcess = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise((resolve) => started.once('exit', resolve))
  try {
    for (let i = 0; i < 100; i++) {
      await setTimeout(50)
      if (started.exitCode !== null) throw new Error(`Cannot measure ${command.join(' ')}: it has ended`)
      if (inside(started.pid!)) return stayers(started.pid!)
    }
    throw new Error(`Cannot measure ${command.join(' ')}: no container appears`)
  } finally {
    // Their container ends by itself; waiting for it lets each clean up.
    await ended
  }
}

mkdirSync(folder)
try {
  const bundle = makeBundle(`${folder}/bundle`, ['/bin/sleep', '1'], { seccomp: true, cgroup: true })
  const run = (program: string): string[] => [
    program,
    '--root',
    `${folder}/state`,
    'run',
    '--bundle',
    bundle,
    'bench-memory',
  ]
  const contenders: Record<string, string[]> = {
    tinyctr: [here('../build/tinyctr'), '--root', `${folder}/tinyctr`, 'run', '--bundle', bundle],
    'crun, newest': [here('peers/without-unified'), ...run(peer('crun-latest'))],
    'crun, Debian stable': [here('peers/without-unified'), ...run(peer('crun-stable'))],
    'runc, Debian stable': run(peer('runc-stable')),
  }
  for (const [name, command] of Object.entries(contenders)) {
    const all = await measure(command)
    for (const { name: comm, rss, pss } of all) {
      console.log(`${name.padEnd(22)}${comm.padEnd(16)} RSS ${rss} kB, PSS ${pss} kB`)
    }
    if (name !== 'tinyctr') continue
    printBar(
      'stays in memory',
      all.reduce((sum, { rss }) => sum + rss, 0),
      200,
      ' kB',
    )
    printBar('JavaScript processes', all.filter(({ executable }) => !executable.includes('memfd:')).length, 0)
  }
} finally {
  rmSync(folder, { recursive: true })
}
