/**
 * `run` of an OCI bundle, /bin/true: tinyctr, Debian's crun and runc, the newest crun, and the native executor alone with
 * a plan encoded beforehand (the floor). Interleaved, everything on tmpfs. As root, after bin/build:
 *   node --import tsx bench/run-bundle.ts [-n ROUNDS]
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { encodedPlan } from '../src/engine/encoded-plan.ts'
import { prepareBundle } from '../src/engine/run-bundle.ts'
import { type Features, makeBundle } from './bundle.ts'
import { type Contender, measureRounds, printBar, printTable, roundsFrom, summarize } from './rounds.ts'
import { compileC, here, startTimer } from './timer.ts'

const folder = `/dev/shm/tinyctr-bench-bundle-${process.pid}`
const rounds = roundsFrom(process.argv, 30)
const peer = (name: string): string =>
  execFileSync(here(`peers/${name}`), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()

/** What `tinyctr run --bundle` would hand to the executor, in a file. */
async function writePlan(bundle: string, cgroup: boolean): Promise<string> {
  const root = `${folder}/floor-state`
  const launch = await prepareBundle(
    { bundle, id: 'floor', lab: { step: false, skip: [], executor: 'native', cgroup } },
    { root },
  )
  const plan = await encodedPlan(launch, { argv: ['/bin/false'], envp: [], source: '' })
  writeFileSync(`${bundle}/plan`, plan)
  return `${bundle}/plan`
}

mkdirSync(folder)
const timerProgram = compileC('timer', folder)
const timer = startTimer(timerProgram)
const withoutUnified = startTimer(timerProgram, [here('peers/without-unified')])
try {
  const [crun, newest, runc] = [peer('crun-stable'), peer('crun-latest'), peer('runc-stable')]
  const floor = compileC('floor', folder)
  const variant = async (name: string, features: Features) => {
    const bundle = makeBundle(`${folder}/${name}`, ['/bin/true'], features)
    const plan = await writePlan(bundle, features.cgroup)
    const crunFlags = features.cgroup ? [] : ['--cgroup-manager=disabled']
    const ours = features.cgroup ? [] : ['--no-cgroup']
    const runWith =
      (program: string, flags: readonly string[] = []): Contender['command'] =>
      (run) => [program, ...flags, '--root', `${folder}/state`, 'run', '--bundle', bundle, `bench-${run}`]
    const contenders: Contender[] = [
      {
        name: 'tinyctr',
        timer,
        // No id: its own, as in every start but an engine's.
        command: () => [
          here('../build/tinyctr'),
          '--root',
          `${folder}/tinyctr`,
          'run',
          ...ours,
          '--bundle',
          bundle,
        ],
      },
      {
        name: 'tinyctr, not prepared',
        timer,
        // An id this short is not told from other text: such a start is prepared each time.
        command: (run) => [
          here('../build/tinyctr'),
          '--root',
          `${folder}/tinyctr`,
          'run',
          ...ours,
          '--bundle',
          bundle,
          `u${run}`.slice(-5),
        ],
      },
      { name: 'floor (C, no JS)', timer, command: () => [floor, here('../build/native/executor'), plan] },
      { name: 'crun, newest', timer: withoutUnified, command: runWith(newest, crunFlags) },
      { name: 'crun, Debian stable', timer: withoutUnified, command: runWith(crun, crunFlags) },
      // runc cannot do without a cgroup.
      ...(features.cgroup ? [{ name: 'runc, Debian stable', timer, command: runWith(runc) }] : []),
    ]
    const samples = await measureRounds(contenders, rounds)
    const median = (who: string): number => summarize(samples.get(who)!).wall.median
    return { samples, median }
  }

  const full = await variant('full', { seccomp: true, cgroup: true })
  printTable(`Default seccomp profile, own cgroup; milliseconds of ${rounds} rounds`, full.samples, 'tinyctr')
  printBar('of crun, Debian stable', full.median('tinyctr') / full.median('crun, Debian stable'), 0.5, 'x')
  printBar('of runc, Debian stable', full.median('tinyctr') / full.median('runc, Debian stable'), 0.3, 'x')
  printBar('of crun, newest', full.median('tinyctr') / full.median('crun, newest'), 1, 'x')
  printBar('above the floor', full.median('tinyctr') - full.median('floor (C, no JS)'), 7, ' ms')

  const bare = await variant('bare', { seccomp: false, cgroup: false })
  printTable(`\nNo seccomp, no cgroup; milliseconds of ${rounds} rounds`, bare.samples, 'tinyctr')
  printBar('of crun, Debian stable', bare.median('tinyctr') / bare.median('crun, Debian stable'), 1.3, 'x')
  printBar('of crun, newest', bare.median('tinyctr') / bare.median('crun, newest'), 1.3, 'x')
  printBar('above the floor', bare.median('tinyctr') - bare.median('floor (C, no JS)'), 7, ' ms')
} finally {
  timer.stop()
  withoutUnified.stop()
  rmSync(folder, { recursive: true })
}
