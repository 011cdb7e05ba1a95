/**
 * `tinyctr run --rm IMAGE true` beside `podman run --rm --network none IMAGE true`, the same image in both stores, both
 * stores on tmpfs. Interleaved. As root, after bin/build: node --import tsx bench/run-image.ts [-n ROUNDS]
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { makeArchive, podmanWith } from './podman.ts'
import { type Contender, measureRounds, printBar, printTable, roundsFrom, summarize } from './rounds.ts'
import { compileC, here, startTimer } from './timer.ts'

const folder = `/dev/shm/tinyctr-bench-image-${process.pid}`
const rounds = roundsFrom(process.argv, 15)
const image = 'docker.io/library/bench:latest'
const tinyctr = [here('../build/tinyctr'), '--root', `${folder}/tinyctr`, '--data-root', `${folder}/data`]

mkdirSync(folder)
const timerProgram = compileC('timer', folder)
const timer = startTimer(timerProgram)
const withoutUnified = startTimer(timerProgram, [here('peers/without-unified')])
try {
  const archive = makeArchive(folder, image)
  execFileSync(tinyctr[0]!, [...tinyctr.slice(1), 'load', '--quiet', '-i', archive])
  const podman = podmanWith(archive, folder)
  const contenders: Contender[] = [
    { name: 'tinyctr', timer, command: () => [...tinyctr, 'run', '--rm', image, 'true'] },
    {
      name: podman.name,
      timer: withoutUnified,
      command: () => [...podman.command, 'run', '--rm', ...podman.flags, image, 'true'],
    },
  ]
  const samples = await measureRounds(contenders, rounds)
  const median = (who: string): number => summarize(samples.get(who)!).wall.median
  printTable(`run --rm IMAGE true; milliseconds of ${rounds} rounds`, samples, 'tinyctr')
  printBar('of podman', median('tinyctr') / median(podman.name), 0.1, 'x')
} finally {
  timer.stop()
  withoutUnified.stop()
  rmSync(folder, { recursive: true, force: true })
}
