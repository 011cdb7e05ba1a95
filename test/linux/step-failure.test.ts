import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { errnoNumber } from '../../src/linux/abi/errno.ts'
import { AT, MOVE_MOUNT, PR } from '../../src/linux/abi/flags.ts'
import { printStepFailure } from '../../src/linux/step-failure.ts'
import type { Config } from '../../src/oci/runtime-spec.ts'
import { call, each, type Plan, slot } from '../../src/plan/step.ts'

const NOTHING = { ociVersion: '1.2.0' } as Config

function explain(plan: Partial<Plan>, step: number, errno: string, config: Config = NOTHING): string {
  const whole = { host: [], container: [], cleanup: [], ...plan }
  return printStepFailure({ plan: whole, step, errno: errnoNumber(errno), config, look: () => undefined })
    .text
}

test('the form of a failure', () => {
  const container = [
    call('open_tree', [AT.FDCWD, '/srv', 1], {
      into: slot('data'),
      why: 'a detached copy of /srv',
      at: '/mounts/1',
    }),
    call(
      'move_mount',
      [slot('data'), '', slot('data_target'), '', MOVE_MOUNT.F_EMPTY_PATH | MOVE_MOUNT.T_EMPTY_PATH],
      {
        why: 'attach it at /data',
        at: '/mounts/1',
      },
    ),
  ]
  assert.equal(
    explain({ container }, 2, 'EINVAL'),
    `tinyctr: Cannot attach it at /data (step 2 of 2, config.json /mounts/1)
  call   move_mount($data, "", $data_target, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH) = -1 EINVAL
  means  one of source and target is a directory and the other is not
  do     make the target the same kind in the image, or mount a source of the other kind
  see    move_mount(2); tinyctr plan --step 2
`,
  )
  assert.equal(
    explain({ container }, 1, 'ENOENT'),
    `tinyctr: Cannot take /srv to mount it (step 1 of 2, config.json /mounts/1)
  call   open_tree(AT_FDCWD, "/srv", OPEN_TREE_CLONE) = -1 ENOENT
  means  there is nothing at /srv
  do     check the source of the mount, or make it first
  see    open_tree(2); tinyctr plan --step 1
`,
  )
})

test('a pair that no table has is not explained away', () => {
  const host = [call('umask', [0], { why: 'modes below are meant as they are written' })]
  assert.equal(
    explain({ host }, 1, 'EXFULL'),
    `tinyctr: Cannot set the umask (step 1 of 1)
  call   umask(0) = -1 EXFULL
  means  the manual has no cause for EXFULL of umask
  see    umask(2); tinyctr plan --step 1
`,
  )
})

test('a step of many calls', () => {
  const capabilities = each([7, 8].map((value) => ({ name: `CAP_${value}`, value })))
  const host = [
    call('prctl', [PR.CAPBSET_DROP, capabilities, 0, 0, 0], {
      why: 'no program can ever gain these',
      at: '--cap-drop',
    }),
  ]
  assert.match(
    explain({ host }, 1, 'EPERM'),
    /^tinyctr: Cannot limit what the process may do \(step 1 of 1, --cap-drop\)\n {2}call {3}prctl\(PR_CAPBSET_DROP, \{CAP_7, CAP_8\}\) \(one of 2\) = -1 EPERM\n {2}means {2}only CAP_SETPCAP/,
  )
})

test('words of an image do not reach the terminal as they are', () => {
  const host = [call('openat', [AT.FDCWD, '/a\u001b[2Jb\u009b', 0, 0], { why: 'to look' })]
  const text = explain({ host }, 1, 'ENOENT')
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
  assert.match(text, /Cannot open \/a\\x1b\[2Jb\\x9b \(/)
})

test('a step that the plan does not have', () => {
  assert.throws(() => explain({}, 1, 'EPERM'), RangeError)
})

const SCRIPT = fileURLToPath(new URL('step-failure-run.ts', import.meta.url))
const bundle = mkdtempSync(join(tmpdir(), 'tinyctr-failure-'))
const rootfs = `${bundle}/rootfs`
after(() => rmSync(bundle, { recursive: true }))
for (const folder of ['bin', 'dev', 'proc', 'tmp']) mkdirSync(`${rootfs}/${folder}`, { recursive: true })
for (const name of ['file', 'private']) writeFileSync(`${rootfs}/${name}`, '')
chmodSync(`${rootfs}/private`, 0o700)
writeFileSync(`${rootfs}/bin/script`, '#!/bin/bash\n')
chmodSync(`${rootfs}/bin/script`, 0o755)
if (existsSync('/bin/busybox')) copyFileSync('/bin/busybox', `${rootfs}/bin/sh`)

interface Changeable {
  process: { args: string[]; cwd: string; user: object; rlimits?: object[] }
  mounts: object[]
  linux: { namespaces: { type: string; path?: string }[]; sysctl?: object }
}

type Change = (config: Changeable) => void

const base = (): Changeable & Record<string, unknown> => ({
  ociVersion: '1.2.0',
  root: { path: 'rootfs' },
  process: {
    cwd: '/',
    args: ['sh', '-c', 'exit 7'],
    env: ['PATH=/usr/bin:/bin'],
    user: { uid: 0, gid: 0 },
  } as Changeable['process'],
  mounts: [
    { destination: '/proc', type: 'proc' },
    { destination: '/dev', type: 'tmpfs', options: ['mode=755'] },
  ],
  linux: { namespaces: ['mount', 'pid', 'ipc', 'uts', 'network'].map((type) => ({ type })) },
})

/** What is asked for, and what is said without the numbers of steps, which change with the plan. */
const FAILURES: Record<string, { change: Change; exitCode: number; lines: RegExp[] }> = {
  'nothing fails': { change: () => {}, exitCode: 7, lines: [/^$/] },
  'a program that PATH does not find': {
    change: (config) => {
      config.process.args = ['bash']
    },
    exitCode: 127,
    lines: [
      /^tinyctr: Cannot run bash \(step \d+ of \d+, config\.json \/process\/args\)$/,
      /^ {2}call {3}execve\(\{"\/usr\/bin\/bash", "\/bin\/bash"\}, \["bash"\], \[1 variable\]\) = -1 ENOENT$/,
      /^ {2}means {2}"bash": executable file not found in \$PATH \(\/usr\/bin:\/bin\)$/,
      /^ {2}do {5}use another shell: this image has \/bin\/sh$/,
      /^ {2}see {4}execve\(2\); tinyctr plan --step \d+$/,
    ],
  },
  'a script without its interpreter': {
    change: (config) => {
      config.process.args = ['script']
    },
    exitCode: 127,
    lines: [
      /^tinyctr: Cannot run script /,
      /ENOENT$/,
      /"\/bin\/script": no such file or directory: it starts with #!\/bin\/bash, and the image has no \/bin\/bash$/,
      /let it start with #!\/bin\/sh, which is there$/,
      /see/,
    ],
  },
  'a file that the user may not execute': {
    change: (config) => {
      config.process.args = ['/private']
      config.process.user = { uid: 1000, gid: 1000 }
    },
    exitCode: 126,
    lines: [
      /Cannot run \/private/,
      /EACCES$/,
      /permission denied: user 1000:1000 may not execute it \(mode 0700, owner 0:0\)$/,
      /chmod \+x \/private$/,
      /see/,
    ],
  },
  'a directory mounted on a file': {
    change: (config) => {
      config.mounts.push({ destination: '/file', type: 'bind', source: '/tmp', options: ['bind'] })
    },
    exitCode: 125,
    lines: [
      /^tinyctr: Cannot attach it at \/file \(step \d+ of \d+, config\.json \/mounts\/2\)$/,
      /^ {2}call {3}move_mount\(\$\S+, "", \$\S+, "", .* = -1 EINVAL$/,
      /one of source and target is a directory and the other is not$/,
      /do/,
      /see {4}move_mount\(2\)/,
    ],
  },
  'a filesystem that the kernel lacks': {
    change: (config) => {
      config.mounts.push({ destination: '/x', type: 'nofs' })
    },
    exitCode: 125,
    lines: [
      /Cannot make a new nofs/,
      /ENODEV$/,
      /this kernel has no filesystem nofs$/,
      /modprobe nofs/,
      /see/,
    ],
  },
  'a tmpfs of no size': {
    change: (config) => {
      config.mounts.push({ destination: '/x', type: 'tmpfs', options: ['size=lots'] })
    },
    exitCode: 125,
    lines: [
      /Cannot set the options of the tmpfs/,
      /fsconfig\(\$\S+, FSCONFIG_SET_STRING, "size", "lots", 0\) = -1 EINVAL$/,
      /^ {2}kernel tmpfs: Bad value for 'size'$/,
      /tmpfs does not know this option, or not this value$/,
      /do/,
      /see/,
    ],
  },
  'a namespace that is gone': {
    change: (config) => {
      config.linux.namespaces[2]!.path = '/proc/1/ns/nothing'
    },
    exitCode: 125,
    lines: [
      /Cannot open \/proc\/1\/ns\/nothing \(step 1 of \d+, config\.json \/linux\/namespaces\/2\)$/,
      /ENOENT$/,
      /no namespace at \/proc\/1\/ns\/nothing/,
      /do/,
      /see {4}open\(2\); namespaces\(7\)/,
    ],
  },
  'a parameter that does not exist': {
    change: (config) => {
      config.linux.sysctl = { 'net.nothing': '1' }
    },
    exitCode: 125,
    lines: [
      /Cannot find \/proc\/sys\/net\/nothing \(.*config\.json \/linux\/sysctl\/net\.nothing\)$/,
      /ENOENT$/,
      /no such parameter/,
      /do/,
      /see/,
    ],
  },
  'a limit above what the kernel allows': {
    change: (config) => {
      config.process.rlimits = [{ type: 'RLIMIT_NOFILE', soft: 10, hard: 2 ** 40 }]
    },
    exitCode: 125,
    lines: [/Cannot set RLIMIT_NOFILE as asked/, /EPERM$/, /fs\.nr_open/, /do/, /see/],
  },
  'a working folder that is a file': {
    change: (config) => {
      config.process.cwd = '/file'
    },
    exitCode: 125,
    lines: [
      /Cannot find \/file \(.*config\.json \/process\/cwd\)$/,
      /ENOTDIR$/,
      /\/file is not a directory$/,
      /-w/,
      /see/,
    ],
  },
}

const skip =
  (process.getuid?.() !== 0 && 'needs root') ||
  (!existsSync('/bin/busybox') && 'needs busybox-static') ||
  (!existsSync('build/native/executor.ts') && 'needs the native executor')

for (const [runtime, program, options] of [
  ['Node', process.versions.bun ? 'node' : process.execPath, ['--import', 'tsx']],
  ['Bun', 'node_modules/.bin/bun', []],
] as const) {
  for (const [name, { change, exitCode, lines }] of Object.entries(FAILURES)) {
    test(`${name}, on ${runtime}`, { skip }, () => {
      const config = base()
      change(config)
      writeFileSync(`${bundle}/config.json`, JSON.stringify(config))
      const ran = spawnSync(program, [...options, SCRIPT, 'run', bundle], {
        encoding: 'utf8',
        timeout: 60_000,
      })
      assert.equal(ran.stderr, '')
      const printed = ran.stdout.replace(/\n$/, '').split('\n')
      assert.equal(printed.length, lines.length, ran.stdout)
      lines.forEach((line, i) => {
        assert.match(printed[i] as string, line)
      })
      assert.equal(ran.status, exitCode)
    })
  }
}
