/** The log of a container on a file system of its own, that is full: it loses lines, whole ones, and nothing else happens. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { binary, skip, Tinyctr } from '../tinyctr.ts'
import { eventually } from './lives.ts'

const FIXTURE = join(import.meta.dirname, '../../../rootfs-fixtures/busybox')
/** 0: it is being written. */
const age = (name: string): number => Number(/\.log\.(\d+)$/.exec(name)?.[1] ?? 0)
const LEFT_BYTES = 512 * 1024

describe('a full disk', { skip }, () => {
  const tinyctr = skip ? (undefined as never) : new Tinyctr()
  const dataRoot = skip ? '' : join(tinyctr.folder, 'own')
  const filler = join(dataRoot, 'filler')
  const says = (...args: string[]): string =>
    execFileSync(binary, ['--root', tinyctr.root, '--data-root', dataRoot, ...args], {
      encoding: 'utf8',
      timeout: 60_000,
    }).trimEnd()
  const start = (flags: readonly string[], script: string): string =>
    says('run', '-d', '--cgroup-parent', tinyctr.cgroupParent, ...flags, 'box', 'sh', '-c', script)
  const lines = (id: string): string[] => {
    const folder = join(dataRoot, 'containers', id)
    const files = readdirSync(folder).filter((name) => name.includes('-json.log'))
    return files
      .sort((a, b) => age(b) - age(a))
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1))
      .map((line) => (JSON.parse(line) as { log: string }).log)
  }
  const fill = (): void => {
    const { bavail, bsize } = statfsSync(dataRoot)
    writeFileSync(filler, Buffer.alloc(bavail * bsize - LEFT_BYTES))
  }

  before(() => {
    mkdirSync(dataRoot)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tinyctr-test', dataRoot])
    const loaded = says('load', '--quiet', '--input', FIXTURE)
    says('tag', loaded.split(': ').at(-1)!, 'box')
  })
  after(() => {
    const ids = says('ps', '-aq').split('\n').filter(Boolean)
    if (ids.length > 0) says('rm', '-f', ...ids)
    execFileSync('umount', [dataRoot])
    tinyctr.remove()
  })

  test('never stops the container, and keeps whole lines from the first on', () => {
    fill()
    const count = 20_000
    const id = start([], `seq -w 1 ${count} | sed 's/.*/line & of those that may not fit/'; exit 7`)
    assert.equal(says('wait', id), '7')
    assert.equal(says('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', id), 'exited 7')
    const kept = lines(id)
    assert.ok(kept.length > 100 && kept.length < count, `${kept.length} lines`)
    kept.forEach((line, i) => {
      assert.equal(line, `line ${String(i + 1).padStart(5, '0')} of those that may not fit\n`)
    })
    rmSync(filler)
  })

  test('with room again it goes on with a whole line; so it does where rotation fell into that time', async () => {
    for (const flags of [[], ['--log-opt', 'max-size=40k', '--log-opt', 'max-file=50']]) {
      fill()
      const id = start(
        flags,
        'i=0; while :; do i=$((i+1)); echo "line $i"; [ $((i % 500)) = 0 ] && sleep 0.01; done',
      )
      await eventually('it is full', () => {
        const { bavail, bsize } = statfsSync(dataRoot)
        return bavail * bsize < 8192
      })
      const last = lines(id).at(-1)
      rmSync(filler)
      await eventually('it goes on', () => lines(id).at(-1) !== last)
      says('stop', '-t', '0', id)
      const numbers = lines(id).map((line) => Number(/^line (\d+)\n$/.exec(line)?.[1]))
      numbers.reduce((before, number) => {
        assert.ok(number > before, `${number} behind ${before}`)
        return number
      })
      says('rm', id)
    }
  })

  test('a log that was rotated away is held open by nobody', async () => {
    const id = start(['--log-opt', 'max-size=10k', '--log-opt', 'max-file=2'], 'seq 1 5000; sleep 100')
    await eventually('all is written', () => lines(id).at(-1) === '5000\n')
    const pid = says('inspect', '-f', '{{.State.Pid}}', id)
    const monitor = /^PPid:\s(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    const open = readdirSync(`/proc/${monitor}/fd`).map((fd) => readlinkSync(`/proc/${monitor}/fd/${fd}`))
    assert.deepEqual(
      open.filter((path) => path.includes('-json.log')),
      [join(dataRoot, 'containers', id, `${id}-json.log`)],
    )
  })
})
