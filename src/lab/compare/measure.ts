/** Measures one isolation: started, stopped, started again, left idle, many at once, put to work. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import type { Isolation } from './isolation.ts'

export interface Spread {
  readonly least: number
  readonly median: number
}

export interface Measured {
  readonly name: Isolation['name']
  readonly by: string
  readonly imageBytes: number
  readonly startMilliseconds: Spread
  readonly stopMilliseconds: Spread
  /** Stopped and ready again. */
  readonly restartMilliseconds: number
  /** Of one among many, with all that belongs to it on the host. */
  readonly idleBytes: number
  readonly countedWith: number
  readonly cpuSeconds: number
  readonly writeSeconds: number
  readonly sees: { readonly kernel: string; readonly processes: number; readonly hostName: string }
}

const IDLE = 'echo ready; read -r line'
const ROUNDS = 5

interface Running {
  readonly child: ChildProcess
  readonly milliseconds: number
}

/** Until it says that it is there. */
async function start({ command }: Isolation): Promise<Running> {
  const [program = '', ...args] = command(IDLE)
  const begin = performance.now()
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let error = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    error += chunk
  })
  await Promise.race([
    once(child.stdout!, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error(`Cannot start it: ${error}`))),
  ])
  return { child, milliseconds: performance.now() - begin }
}

/** Its program is told to end, and it has ended when nothing of it is left. */
async function stop({ child }: Running): Promise<number> {
  const begin = performance.now()
  const ended = once(child, 'exit')
  child.stdin?.end('\n')
  await ended
  return performance.now() - begin
}

export async function measure(isolation: Isolation, tell: (what: string) => void): Promise<Measured> {
  const starts: number[] = []
  const stops: number[] = []
  tell('start, stop, restart')
  for (let round = 0; round < ROUNDS; round++) {
    const running = await start(isolation)
    starts.push(running.milliseconds)
    stops.push(await stop(running))
  }
  tell(`${isolation.many} at once`)
  const many: Running[] = []
  for (let i = 0; i < isolation.many; i++) many.push(await start(isolation))
  const bytes = memoryOf(many.map(({ child }) => child.pid ?? 0))
  for (const running of many) await stop(running)
  tell('CPU and disk')
  return {
    name: isolation.name,
    by: isolation.by,
    imageBytes: isolation.imageBytes,
    startMilliseconds: spread(starts),
    stopMilliseconds: spread(stops),
    restartMilliseconds: spread(starts.map((one, i) => one + (stops[i] ?? 0))).median,
    idleBytes: Math.round(bytes / isolation.many),
    countedWith: isolation.many,
    cpuSeconds: timed(isolation, 'i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done'),
    writeSeconds: timed(isolation, 'dd if=/dev/zero of=/tmp/file bs=64k count=512 2>/dev/null; rm /tmp/file'),
    sees: look(isolation),
  }
}

function inside({ command }: Isolation, script: string): string {
  const [program = '', ...args] = command(script)
  return spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).stdout.trim()
}

/** Seconds by the clock inside: starting and ending do not count. */
function timed(isolation: Isolation, script: string): number {
  const clock = 'read -r now rest </proc/uptime; echo $now'
  const [from = 0, to = 0] = inside(isolation, `${clock}; ${script}; ${clock}`).split('\n').map(Number)
  return Math.round((to - from) * 100) / 100
}

function look(isolation: Isolation): Measured['sees'] {
  const script = 'uname -r; ls /proc | grep -c "^[0-9]"; hostname'
  const [kernel = '?', processes = '0', hostName = '?'] = inside(isolation, script).split('\n')
  return { kernel, processes: Number(processes), hostName }
}

const spread = (values: readonly number[]): Spread => {
  const sorted = [...values].sort((a, b) => a - b)
  return { least: sorted[0] ?? 0, median: sorted[Math.floor(sorted.length / 2)] ?? 0 }
}

/** Pss of processes and all below them: pages that several share are counted once in all. */
function memoryOf(pids: readonly number[]): number {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    const parent = /\) . (\d+)/.exec(readIfAny(`/proc/${name}/stat`))?.[1]
    if (parent !== undefined) parents.set(Number(name), Number(parent))
  }
  const belongs = (pid: number | undefined): boolean =>
    pid !== undefined && pid > 1 && (pids.includes(pid) || belongs(parents.get(pid)))
  return [...parents.keys()]
    .filter(belongs)
    .reduce(
      (sum, pid) =>
        sum + 1024 * Number(/^Pss: +(\d+)/m.exec(readIfAny(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0),
      0,
    )
}

function readIfAny(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // It has ended.
  }
}
