/**
 * Many detached containers at once: the time of each start, what a monitor keeps in memory, `ps` of them all, and their
 * end. As root, after `bin/build`: `node --import tsx bench/density.ts [-n CONTAINERS]`.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { n: { type: 'string', default: '500' } } })
const count = Number(values.n)
const folder = `/dev/shm/tinyctr-density-${process.pid}`
const flags = ['--root', `${folder}/state`, '--data-root', `${folder}/data`]
const binary = join(import.meta.dirname, '../build/tinyctr')
const fixture = join(import.meta.dirname, '../rootfs-fixtures/busybox')

function tinyctr(...args: string[]): { stdout: string; milliseconds: number } {
  const begin = performance.now()
  const { status, stdout, stderr } = spawnSync(binary, [...flags, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  const milliseconds = performance.now() - begin
  if (status !== 0) throw new Error(`Cannot ${args[0]}: ${stderr}`)
  return { stdout, milliseconds }
}

const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] as number
const print = (name: string, value: string): void => console.log(`${name.padEnd(44)}${value}`)
const ms = (value: number): string => `${value.toFixed(1)} ms`

/** In kB. */
function memoryOf(pid: number): { rss: number; pss: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1])
  return { rss: field('Rss'), pss: field('Pss') }
}

function monitors(): number[] {
  const found: number[] = []
  for (const id of readdirSync(`${folder}/data/containers`)) {
    const status = readFileSync(`${folder}/data/containers/${id}/status`, 'utf8')
    const pid = / started (\d+)/.exec(status)?.[1]
    const parent = /^PPid:\s(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    found.push(Number(parent))
  }
  return found
}

try {
  const image = tinyctr('load', '--quiet', '--input', fixture).stdout.trim().split(': ').at(-1) as string
  tinyctr('tag', image, 'density')
  const times: number[] = []
  for (let i = 0; i < count; i++)
    times.push(tinyctr('run', '-d', '--network', 'none', 'density', 'sleep', '100000').milliseconds)
  const part = Math.max(1, Math.min(50, Math.floor(count / 4)))
  const [first, last] = [median(times.slice(1, part + 1)), median(times.slice(-part))]
  print(`start, median of the first ${part}`, ms(first))
  print(`start, median of the last ${part}`, `${ms(last)}, ${(last / first).toFixed(2)}x`)
  const memory = monitors().map(memoryOf)
  for (const kind of ['rss', 'pss'] as const) {
    const all = memory.map((one) => one[kind])
    print(`monitor ${kind.toUpperCase()}, median / largest`, `${median(all)} / ${Math.max(...all)} kB`)
  }
  const listings = Array.from({ length: 5 }, () => tinyctr('ps').milliseconds)
  print(`ps of ${count}, min / median`, `${ms(Math.min(...listings))} / ${ms(median(listings))}`)
  const statistics = Array.from({ length: 3 }, () => tinyctr('stats', '--no-stream').milliseconds)
  print(`stats of ${count}, min / median`, `${ms(Math.min(...statistics))} / ${ms(median(statistics))}`)
  const ids = tinyctr('ps', '-q', '--no-trunc').stdout.trim().split('\n')
  print(`stop -t 0 of ${count}`, ms(tinyctr('stop', '-t', '0', ...ids).milliseconds))
  print(`rm of ${count}`, ms(tinyctr('rm', ...ids).milliseconds))
} finally {
  const left = spawnSync(binary, [...flags, 'ps', '-aq'], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean)
  if (left.length > 0) spawnSync(binary, [...flags, 'rm', '-f', ...left])
  rmSync(folder, { recursive: true, force: true })
}
