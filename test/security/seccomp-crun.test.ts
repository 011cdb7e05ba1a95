/** What calls really do in a container of crun: once under the filter crun makes of Docker's profile, once under ours. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { resolveSeccompProfile } from '../../src/engine/config/seccomp-profile.ts'
import { syscallNumbers } from '../../src/linux/abi/syscall-numbers/parse.ts'
import { compileSeccomp } from '../../src/plan/seccomp.ts'

const X64 = 'SCMP_ARCH_X86_64'
const hasCrun = spawnSync('crun', ['--version']).status === 0
const skip =
  (process.arch !== 'x64' && 'the probe makes x86 calls') ||
  (process.getuid!() !== 0 && 'needs root') ||
  (!hasCrun && 'needs crun')

/** Calls that would end, block or fork the probe, whatever their arguments. */
const NOT_MADE = ['clone', 'fork', 'vfork', 'exit', 'exit_group', 'pause', 'rt_sigreturn', 'restart_syscall']
const BLOCKING = [
  'select',
  'pselect6',
  'poll',
  'ppoll',
  'wait4',
  'waitid',
  'rt_sigsuspend',
  'tkill',
  'kill',
  'tgkill',
]
/** Newer calls are unknown to the libseccomp of some distributions, and crun gives them EPERM, not ENOSYS. */
const KNOWN_TO_ALL = 424

function callLines(): string[] {
  const left = new Set([...NOT_MADE, ...BLOCKING])
  const numbers = [...syscallNumbers(X64)].filter(
    ([name, number]) => number < KNOWN_TO_ALL && !left.has(name),
  )
  // uretprobe and uprobe come after the libseccomp of some distributions.
  const all = numbers.filter(([, number]) => number < 335).map(([, number]) => `64 ${number} -1 -1 -1`)
  const argued = [
    '41 1 1 0',
    '41 38 5 0',
    '41 40 1 0',
    '135 0 0 0',
    '135 1 0 0',
    '135 8 0 0',
    '56 0x10000000 0 0',
  ]
  const foreign = [
    '32 20 0 0 0',
    '32 21 0 0 0',
    '32 359 40 1 0',
    '32 359 1 1 0',
    `64 ${0x40000000 + 165} 0 0 0`,
  ]
  return [...all, ...argued.map((call) => `64 ${call}`), ...foreign]
}

/** What matters: results of allowed calls differ from run to run. */
function verdict(line: string): string {
  if (line === '= -1') return 'EPERM'
  if (line === '= -38') return 'ENOSYS'
  return line.startsWith('killed') ? line : 'made'
}

test("Docker's profile under crun", { skip }, () => {
  const seccomp = resolveSeccompProfile(
    JSON.parse(readFileSync('src/engine/config/default-seccomp.json', 'utf8')),
    {
      capabilities: [],
      architecture: 'amd64',
      kernelRelease: '6.1.0',
    },
  )
  const bundle = mkdtempSync(join(tmpdir(), 'seccomp-crun-'))
  try {
    for (const folder of ['dev', 'proc']) mkdirSync(join(bundle, 'rootfs', folder), { recursive: true })
    const source = 'test/security/seccomp-probe.c'
    const built = spawnSync('gcc', ['-O1', '-static', '-o', join(bundle, 'rootfs/probe'), source], {
      encoding: 'utf8',
    })
    assert.equal(built.status, 0, built.stderr)
    writeFileSync(join(bundle, 'rootfs/filter'), compileSeccomp(seccomp, X64))

    const lines = callLines()
    const run = (args: string[], profile: object) => {
      const config = {
        ociVersion: '1.0.2',
        process: { args, cwd: '/', user: { uid: 0, gid: 0 }, noNewPrivileges: true, capabilities: {} },
        root: { path: 'rootfs' },
        mounts: [],
        linux: { namespaces: [{ type: 'pid' }, { type: 'mount' }], ...profile },
      }
      writeFileSync(join(bundle, 'config.json'), JSON.stringify(config))
      // crun refuses a host with both cgroup versions; hidden in a mount namespace, the second is not there.
      const script = `umount /sys/fs/cgroup/unified 2>/dev/null; exec crun --root ${bundle}/state run -b ${bundle} probe`
      const crun = spawnSync('unshare', ['-m', 'sh', '-c', script], {
        input: `${lines.join('\n')}\n`,
        encoding: 'utf8',
        timeout: 60_000,
      })
      assert.equal(crun.status, 0, crun.stderr)
      return crun.stdout.trim().split('\n').map(verdict)
    }
    const theirs = run(['/probe'], { seccomp })
    const ours = run(['/probe', '/filter', '0'], {})
    const said = (verdicts: string[]) => lines.map((line, index) => `${line}: ${verdicts[index]}`)
    assert.equal(theirs.length, lines.length)
    assert.deepEqual(said(ours), said(theirs))
    for (const outcome of ['EPERM', 'made']) assert.ok(theirs.includes(outcome), outcome)
  } finally {
    rmSync(bundle, { recursive: true })
  }
})
