/**
 * Every lesson holds on this kernel, and every step that does something is there for a reason: without it the lesson
 * says that its claims are not shown.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { after, describe, test } from 'node:test'
import type { LessonReport } from '../../src/lab/play.ts'
import { binary, skip } from '../root/tinyctr.ts'
import '../no-network.ts'

const folder = mkdtempSync('/dev/shm/tinyctr-lab-test-')
after(() => rmSync(folder, { recursive: true, force: true }))

interface Played {
  readonly status: number | null
  readonly stderr: string
  readonly report: LessonReport & { needs?: string }
}

function play(name: string, ...flags: string[]): Played {
  const command = ['--root', `${folder}/state`, '--data-root', `${folder}/data`, 'lab', '--json', '--yes']
  const { pid, status, stdout, stderr } = spawnSync(binary, [...command, ...flags, name], {
    encoding: 'utf8',
    timeout: 120_000,
  })
  assert.deepEqual(leftovers(pid), [])
  return { status, stderr, report: JSON.parse(stdout || '{}') as Played['report'] }
}

interface Listed {
  readonly lesson: string
  readonly needs?: string
  readonly acts: readonly number[]
}
const listed: Listed[] = skip
  ? []
  : (JSON.parse(spawnSync(binary, ['lab', '--json'], { encoding: 'utf8' }).stdout) as Listed[])

/** A lesson names what it makes on the host after its process. */
function leftovers(pid: number): string[] {
  const name = `tinyctr-lab-${pid}`
  const groups = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].filter((path) => existsSync(path))
  return [
    ...['/dev/shm', '/tmp', ...groups].flatMap((path) =>
      readdirSync(path).filter((one) => one === name || one.startsWith(`${name}-`)),
    ),
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(name)),
  ]
}

for (const { lesson, needs, acts } of listed) {
  describe(lesson, { skip: needs ?? false }, () => {
    test('every claim is shown', () => {
      const { status, report, stderr } = play(lesson)
      const failed = report.steps?.filter((one) => !one.holds)
      assert.deepEqual({ status, failed, stderr }, { status: 0, failed: [], stderr: '' })
      assert.ok(report.steps.every((one) => Object.keys(one.evidence).length > 0))
    })

    for (const step of acts) {
      test(`without what step ${step} does, its claims fail`, () => {
        const { status, report } = play(lesson, '--skip', String(step))
        const held = report.steps.map((one) => one.holds)
        assert.equal(status, 1, JSON.stringify(report, undefined, 1))
        assert.deepEqual(held.slice(0, step - 1), Array(step - 1).fill(true))
        assert.equal(held[step - 1], false, JSON.stringify(report.steps[step - 1], undefined, 1))
      })
    }
  })
}

test('there are lessons', { skip }, () => {
  assert.ok(listed.length > 0)
})
