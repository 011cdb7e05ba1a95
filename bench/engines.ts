/**
 * What an engine waits for: `create` + `start` + `delete` and `exec`, beside Debian's crun and runc (default seccomp
 * profile, own cgroup), both as engines ask for it (with a --pid-file of its own each time, so that TypeScript prepares
 * each) and as a person or a probe does (the same again: docs/decisions/prepared-starts.md); and `ctr run --rm` of containerd on tinyctr and on crun. As root, after bin/build:
 *   node --import tsx bench/engines.ts [-n ROUNDS]
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { Containerd } from '../test/engines/containerd.ts'
import { IMAGE } from '../test/engines/runtime.ts'
import { makeBundle } from './bundle.ts'
import { type Contender, measureRounds, printBar, printTable, roundsFrom, summarize } from './rounds.ts'
import { compileC, here, startTimer, type Timer } from './timer.ts'

const folder = `/dev/shm/tinyctr-bench-engines-${process.pid}`
const rounds = roundsFrom(process.argv, 30)
const peer = (name: string): string =>
  execFileSync(here(`peers/${name}`), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()
const AGAIN = 'tinyctr, the same again'
const shell = (script: string): string[] => ['/bin/sh', '-c', script]

mkdirSync(folder)
const timerProgram = compileC('timer', folder)
const timers: Timer[] = []
const timerIn = (wrapper: readonly string[] = []): Timer => {
  const timer = startTimer(timerProgram, wrapper)
  timers.push(timer)
  return timer
}

/** Three processes of the runtime in one shell, whose own millisecond is everybody's. */
async function measureRuntimes(): Promise<void> {
  const timer = timerIn()
  const withoutUnified = timerIn([here('peers/without-unified')])
  const runtimes = [
    { name: 'tinyctr', program: here('../build/tinyctr-runtime'), timer },
    { name: 'crun', program: peer('crun-stable'), timer: withoutUnified },
    { name: 'runc', program: peer('runc-stable'), timer },
  ]
  const short = makeBundle(`${folder}/short`, ['/bin/true'], { seccomp: true, cgroup: true })
  const long = makeBundle(`${folder}/long`, ['/bin/sleep', '1000000'], { seccomp: true, cgroup: true })
  const line = (program: string): string => `${program} --root ${folder}/state`
  const contenders = [{ ...runtimes[0]!, name: AGAIN, again: true }, ...runtimes]
  const pidFile = `--pid-file ${folder}/pid`
  const lifecycle = contenders.map(({ name, program, timer, ...how }): Contender => {
    const runtime = line(program)
    const flags = `--bundle ${short}${'again' in how ? '' : ` ${pidFile}`}`
    const steps = (id: string) =>
      `${runtime} create ${flags} ${id} </dev/null >/dev/null && ${runtime} start ${id} && ${runtime} delete --force ${id}`
    return { name, timer, command: (run) => shell(steps(`life-${run}`)) }
  })
  const samples = await measureRounds(lifecycle, rounds)
  printTable(`create + start + delete; milliseconds of ${rounds} rounds`, samples, 'tinyctr')
  printBars(samples)

  const id = (name: string): string => `exec-${name}`
  for (const { name, program, timer } of runtimes) {
    const begin = `${line(program)} create --bundle ${long} ${id(name)} </dev/null >/dev/null 2>&1`
    await timer.measure(shell(`${begin} && ${line(program)} start ${id(name)}`))
  }
  try {
    const execs = contenders.map(({ name, program, timer, ...how }): Contender => {
      const flags = 'again' in how ? [] : pidFile.split(' ')
      const container = id(name === AGAIN ? 'tinyctr' : name)
      const command = [program, '--root', `${folder}/state`, 'exec', ...flags, container, '/bin/true']
      return { name, timer, command: () => command }
    })
    const samples = await measureRounds(execs, rounds)
    printTable(`\nexec; milliseconds of ${rounds} rounds`, samples, 'tinyctr')
    printBars(samples)
  } finally {
    for (const { name, program, timer } of runtimes)
      await timer.measure(shell(`${line(program)} delete --force ${id(name)}`))
  }
}

function printBars(samples: Awaited<ReturnType<typeof measureRounds>>): void {
  const median = (who: string): number => summarize(samples.get(who)!).wall.median
  for (const own of ['tinyctr', AGAIN]) {
    printBar(`${own}, of crun`, median(own) / median('crun'), 0.6, 'x')
    printBar(`${own}, of runc`, median(own) / median('runc'), 0.4, 'x')
  }
}

/** Each with a containerd of its own: crun's must not see both versions of cgroups. */
async function measureContainerd(): Promise<void> {
  const engines = [await Containerd.open(false), await Containerd.open(true)]
  try {
    const programs = [
      { name: 'tinyctr', program: here('../build/tinyctr-runtime') },
      { name: 'crun', program: peer('crun-stable') },
    ]
    const contenders = programs.map(({ name, program }, i): Contender => {
      const { sandbox, socket } = engines[i]!
      const run = ['ctr', '--address', socket, 'run', '--runc-binary', program, '--seccomp', '--rm', IMAGE]
      return {
        name,
        timer: timerIn(sandbox.enter),
        command: (round) => [...run, `ctr-${round}`, '/bin/true'],
      }
    })
    const samples = await measureRounds(contenders, rounds)
    printTable(`\nctr run --rm; milliseconds of ${rounds} rounds`, samples, 'tinyctr')
    const median = (who: string): number => summarize(samples.get(who)!).wall.median
    printBar('of crun', median('tinyctr') / median('crun'), 1, 'x')
  } finally {
    for (const timer of timers) timer.stop()
    for (const engine of engines) await engine.close()
  }
}

try {
  await measureRuntimes()
  await measureContainerd()
} finally {
  for (const timer of timers) timer.stop()
  rmSync(folder, { recursive: true })
}
