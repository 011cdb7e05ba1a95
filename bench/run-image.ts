/**
 * `tinyctr run --rm IMAGE true` beside `podman run --rm --network none IMAGE true`, the same image in both stores, both
 * stores on tmpfs. Interleaved. As root, after bin/build: node --import tsx bench/run-image.ts [-n ROUNDS]
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { type Contender, measureRounds, printBar, printTable, roundsFrom, summarize } from './rounds.ts'
import { compileC, here, startTimer } from './timer.ts'

const folder = `/dev/shm/tinyctr-bench-image-${process.pid}`
const rounds = roundsFrom(process.argv, 15)
const image = 'docker.io/library/bench:latest'
const layout = here('../rootfs-fixtures/busybox')
const tinyctr = [here('../build/tinyctr'), '--root', `${folder}/tinyctr`, '--data-root', `${folder}/data`]

mkdirSync(folder)
const timerProgram = compileC('timer', folder)
const timer = startTimer(timerProgram)
const withoutUnified = startTimer(timerProgram, [here('peers/without-unified')])
try {
  execFileSync(here('../test/host/install-packages'), ['podman', 'skopeo'], { stdio: 'inherit' })
  execFileSync('skopeo', [
    'copy',
    '-q',
    `oci:${layout}:latest`,
    `docker-archive:${folder}/image.tar:${image}`,
  ])
  execFileSync(tinyctr[0]!, [...tinyctr.slice(1), 'load', '--quiet', '-i', `${folder}/image.tar`])
  /** Overlay where podman can have it on this tmpfs, else copies; without systemd, without limits it cannot set here. */
  const podman = (driver: string): string[] => [
    'podman',
    '--root',
    `${folder}/podman-${driver}`,
    '--runroot',
    `${folder}/podman-${driver}-run`,
    '--storage-driver',
    driver,
    '--cgroup-manager',
    'cgroupfs',
    '--events-backend',
    'none',
  ]
  const driver = ['overlay', 'vfs'].find((name) => {
    try {
      const [file = '', ...args] = podman(name)
      execFileSync(file, [...args, 'load', '-q', '-i', `${folder}/image.tar`], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
  if (driver === undefined)
    throw new Error('Cannot load the image into podman: neither overlay nor vfs works')
  const limits = ['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=1000:1000']
  const podmanRun = ['run', '--rm', '--network', 'none', ...limits, image, 'true']
  const contenders: Contender[] = [
    { name: 'tinyctr', timer, command: () => [...tinyctr, 'run', '--rm', image, 'true'] },
    {
      name: `podman, ${driver}`,
      timer: withoutUnified,
      command: () => [...podman(driver), ...podmanRun],
    },
  ]
  const samples = await measureRounds(contenders, rounds)
  const median = (who: string): number => summarize(samples.get(who)!).wall.median
  printTable(`run --rm IMAGE true; milliseconds of ${rounds} rounds`, samples, 'tinyctr')
  printBar('of podman', median('tinyctr') / median(`podman, ${driver}`), 0.1, 'x')
} finally {
  timer.stop()
  withoutUnified.stop()
  rmSync(folder, { recursive: true, force: true })
}
