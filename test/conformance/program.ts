/**
 * One program of the suite under one runtime, in mount and process namespaces of its own: its bundles and the runtime's
 * state lie on a tmpfs that goes with it, and so does every process it leaves.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { failuresOf } from './tap.ts'

const suite = join(import.meta.dirname, '../../build/conformance')
const limitSeconds = '60'

export const programs = (): string[] => readdirSync(join(suite, 'programs')).sort()

export interface Outcome {
  readonly passed: boolean
  /** What it said, for whoever has to find out why. */
  readonly report: string
}

/** crun refuses a host with both versions of cgroups: where $HIDE is said, v2 is not there. */
const inside = `
mount -t tmpfs tmpfs /dev/shm && mount -t tmpfs tmpfs /run
[ -z "$HIDE_UNIFIED" ] || umount /sys/fs/cgroup/unified 2>/dev/null
exec timeout -s KILL ${limitSeconds} "$0"`

export function runProgram(program: string, runtime: string, hideUnified = false): Outcome {
  const namespaces = [
    '--mount',
    '--propagation',
    'private',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
  ]
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    [...namespaces, '--', 'sh', '-c', inside, join(suite, 'programs', program)],
    {
      cwd: suite,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        TMPDIR: '/dev/shm',
        RUNTIME: runtime,
        ...(hideUnified ? { HIDE_UNIFIED: 'yes' } : {}),
      },
    },
  )
  const failed = failuresOf(stdout)
  return {
    passed: status === 0 && failed.length === 0,
    report: [`exit code ${status}`, ...failed.map((one) => `not ok ${one}`), stderr.trim()].join('\n'),
  }
}
