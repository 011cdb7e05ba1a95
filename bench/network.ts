/**
 * What a network costs a start: `run --rm --network bridge -p 8080:80` beside `--network none`, of tinyctr and of podman
 * (with what Debian gives it: netavark), each in a network namespace of its own. Interleaved.
 * As root, after bin/build: node --import tsx bench/network.ts [-n ROUNDS]
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { makeArchive, podmanWith } from './podman.ts'
import { type Contender, measureRounds, printBar, printTable, roundsFrom, summarize } from './rounds.ts'
import { compileC, here, startTimer } from './timer.ts'

const folder = `/dev/shm/tinyctr-net-${process.pid}`
const rounds = roundsFrom(process.argv, 25)
/** While the kernel takes one container's devices apart, it makes none for the next. */
const PAUSE = 100
const image = 'docker.io/library/bench:latest'
const tinyctr = [here('../build/tinyctr'), '--root', `${folder}/tinyctr`, '--data-root', `${folder}/data`]
const OWN_HOST = ['unshare', '--net', 'sh', '-c', 'ip link set lo up; exec "$0" "$@"']
const PUBLISHED = ['--network', 'bridge', '-p', '8080:80']

mkdirSync(folder)
const timerProgram = compileC('timer', folder)
const timer = startTimer(timerProgram, OWN_HOST)
const withoutUnified = startTimer(timerProgram, [...OWN_HOST, here('peers/without-unified')])
try {
  const archive = makeArchive(folder, image)
  execFileSync(tinyctr[0]!, [...tinyctr.slice(1), 'load', '--quiet', '-i', archive])
  const podman = podmanWith(archive, folder)
  const own = (...flags: string[]): string[] => [...tinyctr, 'run', '--rm', ...flags, image, 'true']
  const theirs = (...flags: string[]): string[] => [
    ...podman.command,
    ...['--network-config-dir', `${folder}/podman-networks`, 'run', '--rm', ...podman.flags.slice(2)],
    ...[...flags, image, 'true'],
  ]
  const contenders: Contender[] = [
    { name: 'none', timer, command: () => own('--network', 'none') },
    { name: 'bridge', timer, command: () => own('--network', 'bridge') },
    { name: 'bridge -p 8080:80', timer, command: () => own(...PUBLISHED) },
    { name: 'podman, none', timer: withoutUnified, command: () => theirs('--network', 'none') },
    { name: 'podman, bridge -p', timer: withoutUnified, command: () => theirs(...PUBLISHED) },
  ]
  const samples = await measureRounds(contenders, rounds, PAUSE)
  const of = (name: string) => summarize(samples.get(name)!).wall
  const [none, published] = [of('none'), of('bridge -p 8080:80')]
  printTable(`run --rm IMAGE true; milliseconds of ${rounds} rounds`, samples, 'bridge -p 8080:80')
  printBar('a bridge and a port over none, median', published.median - none.median, 4, ' ms')
  printBar('a bridge and a port over none, minimum', published.min - none.min, 4, ' ms')
  const difference = of('podman, bridge -p').median - of('podman, none').median
  console.log(`        podman's difference: ${difference.toFixed(1)} ms`)
} finally {
  timer.stop()
  withoutUnified.stop()
  rmSync(folder, { recursive: true, force: true })
}
