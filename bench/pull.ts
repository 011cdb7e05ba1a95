/**
 * Pulling from docker-registry on loopback: tinyctr, podman and containerd in turn, each into an empty store on one
 * loop-mounted journaled ext4; and what C takes to hash, inflate and unpack the same blobs (pull/floor.c). Prints wall,
 * CPU and memory, and tinyctr's as a ratio of each.
 *
 * Usage, as root, after bin/build: node --import tsx bench/pull.ts [-n ROUNDS] [tiny|medium|large]...
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { startRegistry } from '../rootfs-fixtures/registry/registry.ts'
import { startContainerd } from './pull/containerd.ts'
import { type BenchImage, benchImages } from './pull/images.ts'
import { printBar, roundsFrom } from './rounds.ts'
import { compileC, here, type Sample, startTimer, type Timer } from './timer.ts'

interface Contender {
  readonly name: string
  /** @param image `127.0.0.1:PORT/NAME`, which is `source` */
  readonly command: (image: string, source: BenchImage) => readonly string[]
  /** CPU milliseconds and megabytes of a daemon that works along, so far. */
  readonly daemon?: () => { cpu: number; memory: number }
  /** Empties its store. */
  readonly clean: (image: string) => void
}

interface Measured extends Sample {
  readonly megabytes: number
}

const imagesFolder = process.env.TINYCTR_BENCH_IMAGES ?? `${tmpdir()}/tinyctr-bench-images`

/** A file system of its own, so that no store meets what another has left. */
function mountDisk(folder: string): string {
  const [image, mount] = [`${folder}/disk`, `${folder}/mount`]
  execFileSync('truncate', ['-s', '12G', image])
  execFileSync('mkfs.ext4', ['-q', '-F', image])
  mkdirSync(mount)
  execFileSync('mount', ['-o', 'loop', image, mount])
  return mount
}

function compileFloor(folder: string): string {
  const program = `${folder}/floor`
  execFileSync(here('../test/host/install-packages'), ['libisal-dev', 'libssl-dev'])
  execFileSync('cc', ['-O2', '-o', program, here('pull/floor.c'), '-lisal', '-lcrypto'])
  return program
}

async function contenders(
  mount: string,
  floor: string,
): Promise<{ list: Contender[]; stop: () => Promise<void> }> {
  const empty = (path: string) => () => rmSync(path, { recursive: true, force: true })
  const list: Contender[] = [
    {
      name: 'tinyctr',
      command: (image) => [
        here('../build/tinyctr'),
        '--root',
        `${mount}/run`,
        '--data-root',
        `${mount}/t`,
        'pull',
        '-q',
        image,
      ],
      clean: empty(`${mount}/t`),
    },
  ]
  const podman = ['podman', '--root', `${mount}/p`, '--runroot', `${mount}/pr`, '--storage-driver', 'overlay']
  if (spawnSync('podman', ['--version']).status === 0) {
    list.push({
      name: 'podman',
      command: (image) => [...podman, 'pull', '-q', '--tls-verify=false', image],
      clean: () =>
        void execFileSync('podman', [...podman.slice(1), 'system', 'reset', '-f'], { stdio: 'ignore' }),
    })
  }
  const containerd = await startContainerd(mount)
  if (containerd !== undefined) list.push(containerd)
  list.push({
    name: 'floor',
    command: (_, { layout, layers }) => [
      floor,
      `${mount}/f`,
      ...layers.map(({ digest }) => `${layout}/blobs/${digest.replace(':', '/')}`),
    ],
    clean() {
      empty(`${mount}/f`)()
      mkdirSync(`${mount}/f`)
    },
  })
  return { list, stop: async () => containerd?.stop() }
}

async function measure(
  timer: Timer,
  contender: Contender,
  image: string,
  source: BenchImage,
): Promise<Measured> {
  const before = contender.daemon?.()
  const sample = await timer.measure(contender.command(image, source))
  const after = contender.daemon?.()
  const cpu = after === undefined ? 0 : after.cpu - before!.cpu
  const megabytes = Math.max(sample.megabytes, after?.memory ?? 0)
  return { ...sample, cpuMilliseconds: sample.cpuMilliseconds + cpu, megabytes }
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!

function report(title: string, runs: Map<string, Measured[]>): Map<string, { wall: number; cpu: number }> {
  console.log(`\n${title}\n${''.padEnd(12)}  wall s  min     CPU s  min     MB   tinyctr's: wall   CPU`)
  const summary = new Map<string, { wall: number; cpu: number }>()
  const own = runs.get('tinyctr')!
  const of = (list: Measured[], pick: (run: Measured) => number) => list.map(pick)
  const wall = (run: Measured): number => run.wallMilliseconds / 1000
  const cpu = (run: Measured): number => run.cpuMilliseconds / 1000
  for (const [name, list] of runs) {
    const ratios = {
      wall: median(of(own, wall)) / median(of(list, wall)),
      cpu: median(of(own, cpu)) / median(of(list, cpu)),
    }
    summary.set(name, ratios)
    const cells = [
      median(of(list, wall)),
      Math.min(...of(list, wall)),
      median(of(list, cpu)),
      Math.min(...of(list, cpu)),
    ]
    const memory = Math.max(...of(list, ({ megabytes }) => megabytes))
    const tail =
      name === 'tinyctr' ? '' : `${ratios.wall.toFixed(2).padStart(16)}${ratios.cpu.toFixed(2).padStart(6)}`
    console.log(
      `${name.padEnd(12)}${cells.map((cell) => cell.toFixed(2).padStart(7)).join(' ')} ${memory.toFixed(0).padStart(6)}${tail}`,
    )
  }
  return summary
}

async function main(args: readonly string[]): Promise<void> {
  if (!existsSync(here('../build/tinyctr'))) throw new Error('Cannot measure: run bin/build first')
  const rounds = roundsFrom(args, 5)
  mkdirSync(imagesFolder, { recursive: true })
  const wanted = args.filter((arg) => ['tiny', 'medium', 'large'].includes(arg))
  const images = benchImages(imagesFolder).filter(({ name }) => wanted.length === 0 || wanted.includes(name))
  const folder = mkdtempSync(`${tmpdir()}/tinyctr-bench-pull-`)
  const mount = mountDisk(folder)
  const registry = await startRegistry()
  const { list, stop } = await contenders(mount, compileFloor(folder))
  const timer = startTimer(compileC('timer', folder))
  try {
    for (const source of images) {
      const { name, layout, layers } = source
      const image = `127.0.0.1:${registry.port}/bench/${name}:latest`
      execFileSync('skopeo', [
        'copy',
        '-q',
        '--dest-tls-verify=false',
        `oci:${layout}:latest`,
        `docker://${image}`,
      ])
      const runs = new Map<string, Measured[]>(list.map((contender) => [contender.name, []]))
      // The first round warms the registry's files up.
      for (let round = -1; round < rounds; round++) {
        for (let i = 0; i < list.length; i++) {
          const contender = list[(i + round + 1) % list.length]!
          contender.clean(image)
          execFileSync('sync', ['-f', mount])
          const sample = await measure(timer, contender, image, source)
          if (round >= 0) runs.get(contender.name)!.push(sample)
        }
      }
      for (const contender of list) contender.clean(image)
      const sum = (of: 'entries' | 'bytes' | 'size') => layers.reduce((total, layer) => total + layer[of], 0)
      const ratios = report(
        `${name}: ${Math.round(sum('bytes') / 1e6)} MB, ${Math.round(sum('size') / 1e6)} MB packed, ` +
          `${sum('entries')} entries, ${layers.length} layers`,
        runs,
      )
      const bars = name === 'tiny' ? { podman: 1, containerd: 1 } : { podman: 1 / 3, containerd: 1 / 2 }
      for (const [peer, most] of Object.entries(bars)) {
        const ratio = ratios.get(peer)
        if (ratio === undefined) continue
        printBar(`wall of ${peer}'s`, ratio.wall, Number(most.toFixed(2)))
        if (name !== 'tiny') printBar(`CPU of ${peer}'s`, ratio.cpu, Number(most.toFixed(2)))
      }
      if (name !== 'tiny') printBar("CPU of the floor's", ratios.get('floor')!.cpu, 1.5)
      const memory = Math.max(...runs.get('tinyctr')!.map(({ megabytes }) => megabytes))
      printBar('memory', memory, 150, ' MB')
    }
  } finally {
    timer.stop()
    await stop()
    await registry.stop()
    execFileSync('umount', ['-l', mount])
    rmSync(folder, { recursive: true, force: true })
  }
}

await main(process.argv.slice(2))
