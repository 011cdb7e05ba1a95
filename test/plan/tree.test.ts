/** How destinations are reached in the growing tree of a container. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/errors.ts'
import { printStep } from '../../src/plan/print.ts'
import { slot } from '../../src/plan/step.ts'
import { components, normalize, Tree } from '../../src/plan/tree.ts'

const grow = (
  ...mounts: [path: string, contents: 'image' | 'fresh' | 'kernel', kind?: 'file'][]
): string[] => {
  const tree = new Tree(slot('root'))
  return mounts.flatMap(([path, contents, kind]) =>
    tree.attach(tree.name(path), path, kind ?? 'directory', contents, '/mounts/0').map(printStep),
  )
}

test('paths as text', () => {
  const cases = [
    ['/a/b', '/a/b'],
    ['a//b/./c/', '/a/b/c'],
    ['/a/../b', '/b'],
    ['/../../x', '/x'],
    ['/', '/'],
    ['', '/'],
  ] as const
  for (const [given, normal] of cases) assert.equal(normalize(given), normal)
  assert.deepEqual(components('/a/./b//c'), ['a', 'b', 'c'])
})

test('in an image every component is made and found inside the root', () => {
  const steps = grow(['/a/b', 'image'])
  assert.deepEqual(steps, [
    'mkdirat($root, "a", 0755)  (or EEXIST, EROFS)',
    'openat2($root, "a", {flags=O_DIRECTORY|O_CLOEXEC|O_PATH, resolve=RESOLVE_IN_ROOT}) = $/a',
    'mkdirat($/a, "b", 0755)  (or EEXIST, EROFS)',
    'openat2($root, "a/b", {flags=O_CLOEXEC|O_PATH, resolve=RESOLVE_IN_ROOT}) = $/b_target',
    'move_mount($/b, "", $/b_target, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)',
  ])
})

test('a way that was made once is used again', () => {
  const opened = grow(['/a/b', 'image'], ['/a/c', 'image']).filter((step) => step.includes('= $/a'))
  assert.equal(opened.length, 1)
})

test('/proc, /sys and /dev are never reached through a symlink', () => {
  for (const name of ['proc', 'sys', 'dev'])
    assert.deepEqual(grow([`/${name}`, 'kernel']), [
      `mkdirat($root, "${name}", 0755)  (or EEXIST, EROFS)`,
      // Without MOVE_MOUNT_T_SYMLINKS the last component is not followed.
      `move_mount($/${name}, "", $root, "${name}", MOVE_MOUNT_F_EMPTY_PATH)`,
    ])
  const tree = new Tree(slot('root'))
  assert.match(printStep(tree.directory('/dev', '/x').steps.at(-1)!), /O_NOFOLLOW/)
})

test('nothing is made in what the kernel fills', () => {
  assert.deepEqual(grow(['/sys', 'kernel'], ['/sys/fs/cgroup', 'kernel']).slice(2), [
    'move_mount($/cgroup, "", $/sys, "fs/cgroup", MOVE_MOUNT_F_EMPTY_PATH)',
  ])
})

test('a fresh tmpfs holds no surprise', () => {
  assert.deepEqual(grow(['/run', 'fresh'], ['/run/a/b', 'fresh']).slice(-3), [
    'mkdirat($/run, "a", 0755)  (or EEXIST, EROFS)',
    'mkdirat($/run, "a/b", 0755)  (or EEXIST, EROFS)',
    'move_mount($/b, "", $/run, "a/b", MOVE_MOUNT_F_EMPTY_PATH)',
  ])
  assert.deepEqual(grow(['/run', 'fresh'], ['/run/file', 'image', 'file']).slice(-2), [
    'mknodat($/run, "file", S_IFREG|0644, makedev(0, 0))  (or EEXIST, EROFS)',
    'move_mount($/file, "", $/run, "file", MOVE_MOUNT_F_EMPTY_PATH)',
  ])
})

test('a bind mount over a mount is an image again', () => {
  const last = grow(['/run', 'fresh'], ['/run/data', 'image'], ['/run/data/below', 'image']).slice(-2)
  assert.match(last[0]!, /^openat2\(\$\/data, "below", .*RESOLVE_IN_ROOT/)
})

test('a file is made where a file is mounted', () => {
  // mknodat(2) follows no symlink and opens nothing.
  assert.match(grow(['/f', 'image', 'file'])[0]!, /^mknodat\(\$root, "f", S_IFREG\|0644/)
})

test('the last mount at a path is the one that is seen', () => {
  const tree = new Tree(slot('root'))
  tree.attach(slot('one'), '/x', 'directory', 'fresh', '/mounts/0')
  tree.attach(slot('two'), '/x', 'directory', 'fresh', '/mounts/1')
  assert.deepEqual(tree.at('/x'), slot('two'))
  assert.match(
    printStep(tree.attach(slot('three'), '/x/y', 'directory', 'fresh', '/mounts/2').at(-1)!),
    /\$two/,
  )
})

test('the root is not a mount of the list', () => {
  assert.throws(
    () => grow(['/', 'image']),
    (error: ConfigError) => error instanceof ConfigError && error.at === '/mounts/0',
  )
})

test('every name is given once, whatever the paths are', () => {
  const tree = new Tree(slot('root'))
  const paths = [
    '/a',
    '/b/a',
    '/a.2',
    '/a_2',
    '/a_target',
    '/a_fs',
    '/a',
    '/é',
    '/ü',
    '/',
    '/root',
    '/null',
    '/a/2',
  ]
  const names = [...paths, ...paths].map((path) => tree.name(path).slot)
  assert.equal(new Set(names).size, names.length, names.join(' '))
  // No slot of a fixed name begins with a slash.
  for (const name of names) assert.match(name, /^\//)
})
