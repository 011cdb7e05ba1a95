/**
 * `exec true` into a container that runs, beside `podman exec` of the same image and `crun exec` of a bundle (default
 * seccomp profile all); and `run -d` until the container's first instruction, beside podman. Interleaved, stores on
 * tmpfs. As root, after bin/build: node --import tsx bench/exec.ts [-n ROUNDS]
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { makeBundle } from './bundle.ts'
import { makeArchive, podmanWith } from './podman.ts'
import { type Contender, measureRounds, printBar, printTable, roundsFrom, summarize } from './rounds.ts'
import { compileC, here, startTimer } from './timer.ts'

const folder = `/dev/shm/tinyctr-bench-exec-${process.pid}`
const rounds = roundsFrom(process.argv, 20)
const image = 'docker.io/library/bench:latest'
const tinyctr = [here('../build/tinyctr'), '--root', `${folder}/tinyctr`, '--data-root', `${folder}/data`]
/** What the kernel does later (namespaces, cgroups) and what podman leaves to clean up is nobody's start. */
const PAUSE_MILLISECONDS = 300

mkdirSync(folder)
const timerProgram = compileC('timer', folder)
const timer = startTimer(timerProgram)
const withoutUnified = startTimer(timerProgram, [here('peers/without-unified')])
const quiet = (command: readonly string[]): string[] => [
  '/bin/sh',
  '-c',
  'exec "$@" >/dev/null 2>&1 </dev/null',
  'sh',
  ...command,
]
const ends: (() => Promise<unknown>)[] = []

try {
  const archive = makeArchive(folder, image)
  execFileSync(tinyctr[0]!, [...tinyctr.slice(1), 'load', '--quiet', '-i', archive])
  const podman = podmanWith(archive, folder)
  const crunStable = execFileSync(here('peers/crun-stable'), { encoding: 'utf8' }).trim()
  const crun = [crunStable, '--root', `${folder}/crun`]
  const bundle = makeBundle(`${folder}/bundle`, ['/bin/sleep', '100000'], { seccomp: true, cgroup: true })

  const sleeper = ['--name', 'sleeper', image, 'sleep', '100000']
  await timer.measure(quiet([...tinyctr, 'run', '-d', ...sleeper]))
  ends.push(() => timer.measure(quiet([...tinyctr, 'rm', '-f', 'sleeper'])))
  await withoutUnified.measure(quiet([...podman.command, 'run', '-d', ...podman.flags, ...sleeper]))
  ends.push(() => withoutUnified.measure(quiet([...podman.command, 'rm', '-f', '-t', '0', 'sleeper'])))
  await withoutUnified.measure(quiet([...crun, 'run', '--detach', '--bundle', bundle, 'sleeper']))
  ends.push(() => withoutUnified.measure(quiet([...crun, 'delete', '--force', 'sleeper'])))

  const program = ['sleeper', '/bin/true']
  const execs: Contender[] = [
    { name: 'tinyctr', timer, command: () => [...tinyctr, 'exec', ...program] },
    // Another command line each time: TypeScript prepares it.
    {
      name: 'tinyctr, a new one',
      timer,
      command: (run) => [...tinyctr, 'exec', '-e', `A=${run}`, ...program],
    },
    { name: 'crun', timer: withoutUnified, command: () => [...crun, 'exec', ...program] },
    { name: podman.name, timer: withoutUnified, command: () => [...podman.command, 'exec', ...program] },
  ]
  const samples = await measureRounds(execs, rounds)
  const ratio = (of: typeof samples, peer: string, own = 'tinyctr'): number =>
    summarize(of.get(own)!).wall.median / summarize(of.get(peer)!).wall.median
  printTable(`exec true; milliseconds of ${rounds} rounds`, samples, 'tinyctr')
  printBar('exec: of crun', ratio(samples, 'crun'), 1, 'x')
  printBar('exec, a new one: of crun', ratio(samples, 'crun', 'tinyctr, a new one'), 1, 'x')
  printBar('exec: of podman', ratio(samples, podman.name), 0.1, 'x')

  const fifo = `${folder}/first`
  mkdirSync(fifo)
  execFileSync('mkfifo', [`${fifo}/fifo`])
  const untilFirst = (run: readonly string[]): string[] => [
    '/bin/sh',
    '-c',
    `"$@" >/dev/null 2>&1 </dev/null & read -r first <${fifo}/fifo`,
    'sh',
    ...run,
    ...['-v', `${fifo}:/first`, image, 'sh', '-c', 'echo >/first/fifo'],
  ]
  const starts: Contender[] = [
    { name: 'tinyctr', timer, command: () => untilFirst([...tinyctr, 'run', '-d', '--rm']) },
    {
      name: podman.name,
      timer: withoutUnified,
      command: () => untilFirst([...podman.command, 'run', '-d', '--rm', ...podman.flags]),
    },
  ]
  const firsts = await measureRounds(starts, rounds, PAUSE_MILLISECONDS)
  printTable(`run -d until its first instruction; milliseconds of ${rounds} rounds`, firsts, 'tinyctr')
  printBar('run -d: of podman', ratio(firsts, podman.name), 0.1, 'x')
} finally {
  for (const end of ends) await end()
  timer.stop()
  withoutUnified.stop()
  // Podman's cleaners may still be at it.
  await setTimeout(1000)
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 })
}
