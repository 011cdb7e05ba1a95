/**
 * Lessons without steps that could be left out: what is under them is broken from outside, and they say so. The others
 * are broken step by step (lessons.test.ts).
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { describe, test } from 'node:test'
import { NOTHING } from '../../src/lab/build/variants.ts'
import type { Evidence } from '../../src/lab/lesson.ts'
import { buildAContainer } from '../../src/lab/lessons/build-a-container.ts'
import { binary, skip, tinyctrForTests } from '../root/tinyctr.ts'

const uml = '/usr/bin/linux.uml'
const qemu = '/usr/bin/qemu-system-x86_64'

describe('where a feature is not there', { skip }, () => {
  const tinyctr = skip ? (undefined as never) : tinyctrForTests()
  /** In a mount namespace of its own, after `breaking`. */
  const lab = (breaking: string, ...args: string[]) =>
    spawnSync(
      'unshare',
      ['--mount', 'sh', '-c', `${breaking}\nexec "$@"`, 'sh', binary, ...tinyctr.globalFlags, 'lab', ...args],
      { encoding: 'utf8', timeout: 120_000 },
    )
  const withoutMachines = [uml, qemu]
    .filter((path) => existsSync(path))
    .map((path) => `mount --bind /dev/null ${path}`)
    .join('\n')

  test('kernel-sharing without a machine names the package', () => {
    const { status, stderr } = lab(withoutMachines, '--yes', 'kernel-sharing')
    assert.equal(status, 3, stderr)
    assert.match(stderr, /needs a kernel to boot: apt-get install user-mode-linux/)
  })

  test('containers-vs-vms without a machine compares what there is, and says how to get one', () => {
    const { status, stdout } = lab(withoutMachines, 'containers-vs-vms', '--json')
    assert.equal(status, 0)
    const { measured, claims, advice } = JSON.parse(stdout) as {
      measured: { name: string }[]
      claims: { claim: string }[]
      advice: string[]
    }
    assert.deepEqual(
      measured.map(({ name }) => name),
      ['process', 'container'],
    )
    assert.ok(!claims.some(({ claim }) => claim.includes('virtual machine boots')))
    assert.match(advice.join(), /install user-mode-linux/)
  })

  test('a machine whose kernel does not boot is no lesson shown', {
    skip: !existsSync(uml) && 'needs linux.uml',
  }, () => {
    const { status, stdout } = lab(
      // Its memory is a file of 128 MiB, and no file may be that large.
      `ulimit -f 1000\n${existsSync(qemu) ? `mount --bind /dev/null ${qemu}` : ''}`,
      '--yes',
      '--json',
      'kernel-sharing',
    )
    assert.equal(status, 1, stdout)
    const { steps } = JSON.parse(stdout) as { steps: { holds: boolean; error?: string }[] }
    assert.deepEqual(
      steps.map(({ holds }) => holds),
      [true, false, false],
    )
    assert.match(steps[1]?.error ?? '', /^Cannot ask the machine/)
  })
})

describe('what a killed lesson of root left', { skip }, () => {
  test('stands in no other user’s way', () => {
    const dead = '/dev/shm/tinyctr-lab-4194304'
    mkdirSync(`${dead}/theirs`, { recursive: true })
    const home = mkdtempSync('/dev/shm/tinyctr-home-')
    chownSync(home, 65534, 65534)
    try {
      const own = ['--root', `${home}/run`, '--data-root', `${home}/data`, 'lab', '--yes', 'uts']
      const { status, stderr } = spawnSync(
        'setpriv',
        ['--reuid', '65534', '--regid', '65534', '--clear-groups', binary, ...own],
        { encoding: 'utf8', timeout: 60_000, env: { PATH: process.env.PATH, HOME: home } },
      )
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
      assert.ok(existsSync(dead))
    } finally {
      rmSync(dead, { recursive: true })
      rmSync(home, { recursive: true })
    }
  })
})

describe('build-a-container', () => {
  const [same, ...chapters] = buildAContainer.steps

  test('is not shown when the two executors differ in a line', () => {
    const seen = (differences: number): Evidence => ({
      container: { from: 'a test', 'calls in the plan': 100, 'lines seen': 90, differences },
    })
    assert.equal(same!.assert(seen(0)), true)
    assert.equal(same!.assert(seen(1)), false)
  })

  test('is not shown when nobody misses the steps of a chapter', () => {
    const seen = (without: string): Evidence =>
      Object.fromEntries(Array.from({ length: 40 }, (_, i) => [i, { from: 'a test', 'without it': without }]))
    for (const { assert: holds } of chapters) {
      assert.equal(holds(seen(NOTHING)), false)
      assert.equal(holds(seen('it does not start')), true)
    }
  })
})
