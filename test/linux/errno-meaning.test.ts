import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { errnoNumber } from '../../src/linux/abi/errno.ts'
import { SYSCALLS } from '../../src/linux/abi/syscalls.ts'
import { ANY_CAUSES, PATH_CAUSES } from '../../src/linux/errno-meaning/any.ts'
import type { Cause, Failing } from '../../src/linux/errno-meaning/cause.ts'
import { SINCE } from '../../src/linux/errno-meaning/since.ts'
import { CAUSES, meaningOf } from '../../src/linux/errno-meaning.ts'

const SCRIPT = fileURLToPath(new URL('errno-meaning-provoke.ts', import.meta.url))
const OPERATIONS = ['spawn', 'remove_tree', 'netlink', 'remove_cgroup', 'copy_tree', 'companion', 'hook']
const names = [...new Set(CAUSES.flatMap((table) => Object.keys(table)))].sort() as Failing[]
const rowsOf = (name: Failing): readonly Cause[] => CAUSES.flatMap((table) => table[name] ?? [])
const all = [...names.flatMap(rowsOf), ...PATH_CAUSES, ...ANY_CAUSES]
const number = errnoNumber

test('every row names a call and an errno of the kernel', () => {
  assert.deepEqual(
    names.filter((name) => !(name in SYSCALLS) && !OPERATIONS.includes(name)),
    [],
  )
  for (const { errno } of all) assert.ok(number(errno) > 0)
})

test('no row stands behind one that always fits', () => {
  const hidden = names.flatMap((name) => {
    const closed = new Set<string>()
    return rowsOf(name).filter(({ errno, when }) => {
      const behind = closed.has(errno)
      if (when === undefined) closed.add(errno)
      return behind
    })
  })
  assert.deepEqual(hidden, [])
})

test('the words are short sentences without a full stop', () => {
  for (const { means, do: cure, when } of all) {
    for (const text of [means, cure ?? 'none', when?.words ?? 'none']) {
      assert.doesNotMatch(text, /(?<!\.\.)\.$|\s$|\{(?!of\})/, text)
      assert.ok(text.length <= 200, text)
    }
  }
})

test('an unknown pair stays unexplained', () => {
  assert.equal(meaningOf('umask', number('EXFULL'), { printed: 'umask(0)' }), undefined)
  assert.equal(meaningOf('move_mount', number('ENOTBLK'), { printed: 'move_mount()' }), undefined)
})

test('what the machine says decides between causes', () => {
  const clone = (look: Record<string, string>): string | undefined =>
    meaningOf('clone3', number('EPERM'), {
      printed: 'clone3({flags=CLONE_NEWUSER|CLONE_NEWNS})',
      look: (path) => look[path],
    })?.means
  assert.match(
    clone({ '/proc/sys/kernel/unprivileged_userns_clone': '0\n' }) ?? '',
    /lets only root make user namespaces/,
  )
  assert.match(clone({ '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1\n' }) ?? '', /^AppArmor/)
  assert.match(clone({}) ?? '', /chroot/)
  const full = (limit: string): string | undefined =>
    meaningOf('clone3', number('ENOSPC'), {
      printed: 'clone3({flags=CLONE_NEWUSER})',
      look: (path) => (path === '/proc/sys/user/max_user_namespaces' ? limit : undefined),
    })?.means
  assert.match(full('0\n') ?? '', /turned off/)
  assert.match(full('63000\n') ?? '', /as many namespaces as allowed/)
})

test('a namespace that the kernel lacks', () => {
  const meaning = meaningOf('clone3', number('EINVAL'), {
    printed: 'clone3({flags=CLONE_NEWNS|CLONE_NEWTIME})',
    look: (path) => (path === '/proc/self/ns/time' ? undefined : ''),
  })
  assert.equal(meaning?.means, 'this kernel has no time namespaces (CONFIG_TIME_NS)')
})

test('ENOSYS: an old kernel or a filter', () => {
  const on = (release: string) =>
    meaningOf('mount_setattr', number('ENOSYS'), { printed: 'mount_setattr()', look: () => release })?.means
  assert.equal(on('5.10.0-28-amd64\n'), 'mount_setattr needs Linux 5.12, and this is 5.10.0-28-amd64')
  assert.equal(
    on('6.1.0\n'),
    'a seccomp filter or a sandbox hides mount_setattr from us (Linux 6.1.0 has it)',
  )
  for (const name of Object.keys(SINCE)) assert.ok(name in SYSCALLS, name)
})

/** What the kernel of this machine answers, and a word of what it means. */
const PROVOKED: Record<string, [errno: string, means: RegExp]> = {
  'a directory onto a file': ['EINVAL', /^one of source and target is a directory/],
  'a file onto a directory': ['EINVAL', /^one of source and target is a directory/],
  'a mount point that is not there': ['ENOENT', /mount point is not there/],
  'a source that is not there': ['ENOENT', /nothing at \/nothing/],
  'an unknown filesystem': ['ENODEV', /no filesystem nofs/],
  "the host's sysfs": ['EPERM', /owns the network namespace/],
  "the host's proc": ['EPERM', /owns the pid namespace/],
  "the host's mqueue": ['EPERM', /owns the ipc namespace/],
  "the host's cgroup2": ['EPERM', /owns the cgroup namespace/],
  'a disk in a user namespace': ['EPERM', /ext4 cannot be mounted from a user namespace/],
  'an overlay of nothing': ['EINVAL', /overlay refuses/],
  'a bad tmpfs size': ['EINVAL', /tmpfs does not know this option, or not this value/],
  'another type of namespace': ['EINVAL', /not a namespace of this type/],
  'our own user namespace': ['EINVAL', /in this user namespace already/],
  "the host's uts namespace": ['EPERM', /owns the uts namespace/],
  'a bad filter': ['EINVAL', /filter malformed/],
  'soft above hard': ['EINVAL', /soft limit is above the hard/],
  'a hard limit above ours': ['EPERM', /fs\.nr_open/],
  'groups where they are denied': ['EPERM', /setgroups says deny/],
  'a user without a mapping': ['EINVAL', /user is not mapped/],
  'a group without a mapping': ['EINVAL', /group is not mapped/],
  'a device in a user namespace': ['EPERM', /CAP_MKNOD/],
  'a lower OOM score': ['EACCES', /CAP_SYS_RESOURCE/],
  'an OOM score out of range': ['EINVAL', /-1000 to 1000/],
  'a second uid map': ['EPERM', /not ours to map/],
  'setgroups allowed again': ['EPERM', /denied for good/],
  "the host's parameter": ['ENOENT', /no such parameter/],
  'flags of no mount': ['EINVAL', /not the top of a mount/],
  'pivot_root to no mount': ['EINVAL', /new root is not a mount/],
  'an ambient capability that is not inheritable': ['EPERM', /permitted and inheritable/],
  "the host's loopback": ['EPERM', /owns the network namespace/],
  'a socket that is not there': ['ENOENT', /no socket at nothing/],
  'a socket that is a file': ['ECONNREFUSED', /nobody listens at file/],
  'a symlink on a strict way': ['ELOOP', /none may be followed/],
  'out of the tree': ['EXDEV', /leads out/],
  'a directory to write to': ['EISDIR', /is a directory/],
  'a write that nobody explains: a sealed file': ['EPERM', /^$/],
}

const canUnshare = spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'true']).status === 0
const RUNTIMES = [
  ['Node', process.versions.bun ? 'node' : process.execPath, ['--import', 'tsx']],
  ['Bun', 'node_modules/.bin/bun', []],
] as const

for (const [runtime, program, options] of RUNTIMES) {
  test(`failures of the real kernel, on ${runtime}`, {
    skip:
      (!canUnshare && 'needs user namespaces') ||
      (!existsSync(program) && program.includes('/') && `needs ${program}`),
  }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'tinyctr-errno-'))
    try {
      const script = [SCRIPT, folder]
      const out = execFileSync(
        'unshare',
        ['--user', '--map-root-user', '--mount', program, ...options, ...script],
        {
          encoding: 'utf8',
        },
      )
      const provoked = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as [string, string, string])
      assert.deepEqual(
        provoked.map(([name]) => name),
        Object.keys(PROVOKED),
      )
      for (const [name, errno, means] of provoked) {
        assert.equal(errno, PROVOKED[name]?.[0], name)
        assert.match(means, PROVOKED[name]?.[1] as RegExp, name)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}

test('a proc that would show what the one outside hides', {
  skip: !canUnshare && 'needs user namespaces',
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinyctr-errno-'))
  try {
    const inner = 'exec unshare --user --map-root-user --mount --pid --fork "$@"'
    const program = [...RUNTIMES[0].slice(1).flat(), SCRIPT, folder, 'under-masks']
    const out = execFileSync(
      'unshare',
      [
        ...['--user', '--map-root-user', '--mount'],
        ...['sh', '-c', `mount -t tmpfs none /proc/bus && ${inner}`, 'sh', ...program],
      ],
      { encoding: 'utf8' },
    )
    const [, errno, means] = JSON.parse(out) as string[]
    assert.equal(errno, 'EPERM')
    assert.match(means ?? '', /^a new proc would show what the proc outside hides/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

const CATALOGUE = 'docs/errors.md'

test(`${CATALOGUE} lists every cause (UPDATE_GOLDENS=1 writes it)`, () => {
  const text = printCatalogue()
  if (process.env.UPDATE_GOLDENS) writeFileSync(CATALOGUE, text)
  assert.equal(readFileSync(CATALOGUE, 'utf8'), text)
})

function printCatalogue(): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/(<|>)/g, '\\$1')
  const table = (rows: readonly Cause[]): string[] => [
    '| errno | where | means | do |',
    '|---|---|---|---|',
    ...rows.map(
      ({ errno, when, means, do: cure }) =>
        `| ${errno} | ${cell(when?.words ?? '')} | ${cell(means)} | ${cell(cure ?? '')} |`,
    ),
    '',
  ]
  return [
    '# What kernel errors mean to tinyctr',
    '',
    'Generated from src/linux/errno-meaning/ by test/linux/errno-meaning.test.ts. Of the rows of a call, the first that fits',
    'is printed; `{of}` stands for what the call works on. A pair that is not here stays unexplained: nothing is guessed.',
    'A failed execve(2) is explained by looking at the file instead: src/linux/exec-diagnosis.ts.',
    '',
    ...names.flatMap((name) => [`## ${name}`, '', ...table(rowsOf(name))]),
    '## any call that takes a path',
    '',
    ...table(PATH_CAUSES),
    '## any call',
    '',
    ...table(ANY_CAUSES),
    '## ENOSYS',
    '',
    'The kernel is older than the call, or a seccomp filter around tinyctr hides it.',
    '',
    '| call | since Linux |',
    '|---|---|',
    ...Object.entries(SINCE).map(([name, since]) => `| ${name} | ${since.join('.')} |`),
    '',
  ].join('\n')
}
