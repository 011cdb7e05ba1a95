/**
 * The log of a container that writes as fast as it can, beside `cat >file` in the same container: interleaved, min and
 * median. As root, after `bin/build`: `node --import tsx bench/logs.ts [-n ROUNDS] [--mb MEGABYTES] [--folder DIR]`.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '5' },
    mb: { type: 'string', default: '1000' },
    folder: { type: 'string', default: '/var/tmp' },
  },
})
const folder = `${values.folder}/tinyctr-logs-${process.pid}`
const flags = ['--root', `/dev/shm/tinyctr-logs-${process.pid}`, '--data-root', `${folder}/data`]
const binary = join(import.meta.dirname, '../build/tinyctr')
const source = '/dev/shm/tinyctr-lines'

function tinyctr(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(binary, [...flags, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`Cannot ${args[0]}: ${stderr}`)
  return stdout.trim()
}

/** Milliseconds of the container's own run, by the times that its monitor wrote down. */
function run(script: string): number {
  const id = tinyctr(
    'run',
    '--network=none',
    '-d',
    '--log-opt',
    'max-file=200',
    '-v',
    `${source}:/lines`,
    'logs',
    'sh',
    '-c',
    script,
  )
  tinyctr('wait', id)
  const [started, finished] = tinyctr(
    'inspect',
    '-f',
    '{{.State.StartedAt}} {{.State.FinishedAt}}',
    id,
  ).split(' ')
  tinyctr('rm', id)
  return Date.parse(finished as string) - Date.parse(started as string)
}

const show = (name: string, times: number[]): number => {
  const sorted = [...times].sort((a, b) => a - b)
  console.log(`${name.padEnd(20)}${sorted[0]} / ${sorted[Math.floor(sorted.length / 2)]} ms`)
  return sorted[Math.floor(sorted.length / 2)] as number
}

try {
  mkdirSync(folder, { recursive: true })
  writeFileSync(source, `${'x'.repeat(99)}\n`.repeat(10_000 * 10))
  const times = Math.ceil(Number(values.mb) / 10)
  const image = tinyctr('load', '-q', '-i', join(import.meta.dirname, '../rootfs-fixtures/busybox'))
    .split(': ')
    .at(-1)
  tinyctr('tag', image as string, 'logs')
  const all = `i=0; while [ $i -lt ${times} ]; do cat /lines; i=$((i+1)); done`
  const [toFile, toLog]: [number[], number[]] = [[], []]
  for (let i = 0; i < Number(values.n); i++) {
    toFile.push(run(`{ ${all}; } >/file`))
    toLog.push(run(all))
  }
  const ratio = show('cat >file', toFile) / show('the log', toLog)
  console.log(`the log is ${ratio.toFixed(2)}x as fast, lines of 100 bytes, ${values.mb} MB`)
} finally {
  for (const path of [folder, source, flags[1] as string]) rmSync(path, { recursive: true, force: true })
}
