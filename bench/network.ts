/**
 * What a network costs a start: `run --rm --network bridge -p 8080:80` beside `--network none`, in a network namespace of
 * its own. Interleaved. As root, after bin/build: node --import tsx bench/network.ts [-n ROUNDS]
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { type Contender, measureRounds, printBar, printTable, roundsFrom, summarize } from './rounds.ts'
import { compileC, here, startTimer } from './timer.ts'

const folder = `/dev/shm/tinyctr-bench-network-${process.pid}`
const rounds = roundsFrom(process.argv, 25)
/** While the kernel takes one container's devices apart, it makes none for the next. */
const PAUSE = 100
const image = 'docker.io/library/bench:latest'
const tinyctr = [here('../build/tinyctr'), '--root', `${folder}/tinyctr`, '--data-root', `${folder}/data`]

mkdirSync(folder)
const timerProgram = compileC('timer', folder)
const timer = startTimer(timerProgram, ['unshare', '--net', 'sh', '-c', 'ip link set lo up; exec "$0" "$@"'])
try {
  execFileSync('skopeo', [
    'copy',
    '-q',
    `oci:${here('../rootfs-fixtures/busybox')}:latest`,
    `docker-archive:${folder}/image.tar:${image}`,
  ])
  execFileSync(tinyctr[0]!, [...tinyctr.slice(1), 'load', '--quiet', '-i', `${folder}/image.tar`])
  const run = (...flags: string[]): string[] => [...tinyctr, 'run', '--rm', ...flags, image, 'true']
  const contenders: Contender[] = [
    { name: 'none', timer, command: () => run('--network', 'none') },
    { name: 'bridge', timer, command: () => run('--network', 'bridge') },
    { name: 'bridge -p 8080:80', timer, command: () => run('--network', 'bridge', '-p', '8080:80') },
  ]
  const samples = await measureRounds(contenders, rounds, PAUSE)
  const { wall } = summarize(samples.get('none')!)
  const published = summarize(samples.get('bridge -p 8080:80')!).wall
  printTable(`run --rm IMAGE true; milliseconds of ${rounds} rounds`, samples, 'bridge -p 8080:80')
  printBar('a bridge and a port over none, median', published.median - wall.median, 4, ' ms')
  printBar('a bridge and a port over none, minimum', published.min - wall.min, 4, ' ms')
} finally {
  timer.stop()
  rmSync(folder, { recursive: true, force: true })
}
