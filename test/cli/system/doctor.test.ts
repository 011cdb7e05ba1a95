/** `doctor`: a line a finding, the cure of each that needs one, and an exit code that a script can use. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { describeFindings } from '../../../src/cli/system/doctor.ts'
import { good, limited, missing } from '../../../src/engine/doctor/finding.ts'

const findings = [
  good('kernel', '6.12'),
  limited('limits', 'no controller for memory', 'boot with cgroup_no_v1=all'),
  missing('overlay', 'the kernel has no overlayfs', 'modprobe overlay'),
]

test('plain where nobody sees colours', () => {
  assert.equal(
    describeFindings(findings, false),
    `ok       kernel   6.12
limited  limits   no controller for memory
                  cure: boot with cgroup_no_v1=all
MISSING  overlay  the kernel has no overlayfs
                  cure: modprobe overlay`,
  )
  assert.match(describeFindings(findings, true), /^\x1b\[32mok {7}\x1b\[0mkernel/)
})

const main = new URL('../../../src/cli/main.ts', import.meta.url).pathname
const doctor = (...args: string[]) =>
  spawnSync(process.execPath, ['--import', import.meta.resolve('tsx'), main, ...args], { encoding: 'utf8' })

test('on this machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinyctr-doctor-'))
  try {
    const { status, stdout } = doctor('--data-root', folder, 'doctor', '--format', 'json')
    const found = JSON.parse(stdout) as { subject: string; state: string; cure?: string }[]
    for (const subject of [
      'kernel',
      'seccomp',
      'cgroup v2',
      'user namespaces',
      'data folder',
      'overlay',
      'nf_tables',
    ]) {
      assert.ok(process.getuid?.() !== 0 || found.some((one) => one.subject === subject), subject)
    }
    for (const { subject, state, cure } of found) assert.equal(cure !== undefined, state !== 'good', subject)
    assert.equal(status, found.some(({ state }) => state === 'missing') ? 1 : 0)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a data folder that cannot be is a reason to end with 1', () => {
  const { status, stdout } = doctor('--data-root', '/proc/tinyctr', 'doctor')
  assert.equal(status, 1)
  assert.match(
    stdout,
    /^MISSING +data folder +\/proc\/tinyctr cannot be made: .*\n +cure: name another with --data-root$/m,
  )
})
