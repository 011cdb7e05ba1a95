/** Every option of runtime-spec config.md#linux-mount-options, and those of mount(8) that configs carry along. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/errors.ts'
import { MOUNT_ATTR, MS } from '../../src/linux/abi/flags.ts'
import { type MountOptions, parseMountOptions } from '../../src/plan/mount-options.ts'

const { RDONLY, NOSUID, NODEV, NOEXEC, NOATIME, STRICTATIME, _ATIME, NODIRATIME, NOSYMFOLLOW } = MOUNT_ATTR
const NOTHING = parseMountOptions([])

const data = (key: string, value?: string) => ({ data: [{ key, value }] })
/** What one option changes; nothing for those that are the kernel's default or none of its business. */
const CASES: Record<string, Partial<MountOptions>> = {
  async: {},
  atime: { clear: _ATIME },
  bind: { bind: 'bind' },
  defaults: {},
  dev: { clear: NODEV },
  diratime: { clear: NODIRATIME },
  dirsync: data('dirsync'),
  exec: { clear: NOEXEC },
  iversion: {},
  lazytime: data('lazytime'),
  loud: {},
  mand: data('mand'),
  noatime: { set: NOATIME, clear: _ATIME },
  nodev: { set: NODEV },
  nodiratime: { set: NODIRATIME },
  noexec: { set: NOEXEC },
  noiversion: {},
  nolazytime: {},
  nomand: {},
  norelatime: { clear: _ATIME },
  nostrictatime: { clear: _ATIME },
  nosuid: { set: NOSUID },
  nosymfollow: { set: NOSYMFOLLOW },
  private: { propagation: MS.PRIVATE },
  ratime: { recursiveClear: _ATIME },
  rbind: { bind: 'rbind' },
  rdev: { recursiveClear: NODEV },
  rdiratime: { recursiveClear: NODIRATIME },
  relatime: { clear: _ATIME },
  remount: { remount: true },
  rexec: { recursiveClear: NOEXEC },
  rnoatime: { recursiveSet: NOATIME, recursiveClear: _ATIME },
  rnodiratime: { recursiveSet: NODIRATIME },
  rnoexec: { recursiveSet: NOEXEC },
  rnorelatime: { recursiveClear: _ATIME },
  rnostrictatime: { recursiveClear: _ATIME },
  rnosuid: { recursiveSet: NOSUID },
  rnosymfollow: { recursiveSet: NOSYMFOLLOW },
  ro: { set: RDONLY },
  rprivate: { propagation: MS.PRIVATE, recursivePropagation: true },
  rrelatime: { recursiveClear: _ATIME },
  rro: { recursiveSet: RDONLY },
  rrw: { recursiveClear: RDONLY },
  rshared: { propagation: MS.SHARED, recursivePropagation: true },
  rslave: { propagation: MS.SLAVE, recursivePropagation: true },
  rstrictatime: { recursiveSet: STRICTATIME, recursiveClear: _ATIME },
  rsuid: { recursiveClear: NOSUID },
  rsymfollow: { recursiveClear: NOSYMFOLLOW },
  runbindable: { propagation: MS.UNBINDABLE, recursivePropagation: true },
  rw: { clear: RDONLY },
  shared: { propagation: MS.SHARED },
  silent: {},
  slave: { propagation: MS.SLAVE },
  strictatime: { set: STRICTATIME, clear: _ATIME },
  suid: { clear: NOSUID },
  symfollow: { clear: NOSYMFOLLOW },
  sync: data('sync'),
  tmpcopyup: { tmpcopyup: true },
  unbindable: { propagation: MS.UNBINDABLE },
  idmap: { idmap: 'mount' },
  ridmap: { idmap: 'recursive' },
  // Of a filesystem.
  'size=64m': data('size', '64m'),
  'mode=1777': data('mode', '1777'),
  newinstance: data('newinstance'),
  'lowerdir=a=b': data('lowerdir', 'a=b'),
  'empty=': data('empty', ''),
  // Of fstab(5), for mount(8) itself.
  auto: {},
  noauto: {},
  nofail: {},
  _netdev: {},
  user: {},
  nouser: {},
}

for (const [option, changes] of Object.entries(CASES))
  test(option, () => {
    assert.deepEqual(parseMountOptions([option]), { ...NOTHING, ...changes })
  })

test('the later of two that contradict each other wins', () => {
  const cases: [string, Partial<MountOptions>][] = [
    ['ro rw', { clear: RDONLY }],
    ['rw ro', { set: RDONLY }],
    ['rro rrw', { recursiveClear: RDONLY }],
    ['noatime strictatime', { set: STRICTATIME, clear: _ATIME }],
    ['strictatime relatime', { clear: _ATIME }],
    ['noatime ro nosuid', { set: NOATIME | RDONLY | NOSUID, clear: _ATIME }],
    ['nodiratime noatime', { set: NODIRATIME | NOATIME, clear: _ATIME }],
    ['rbind bind', { bind: 'bind' }],
    ['private rslave', { propagation: MS.SLAVE, recursivePropagation: true }],
  ]
  for (const [options, changes] of cases)
    assert.deepEqual(parseMountOptions(options.split(' ')), { ...NOTHING, ...changes }, options)
})

test('what mount_setattr(2) demands: who sets an access-time mode clears the field', () => {
  for (const first of Object.keys(CASES))
    for (const second of Object.keys(CASES)) {
      const { set, clear, recursiveSet, recursiveClear } = parseMountOptions([first, second])
      for (const [on, off] of [
        [set, clear],
        [recursiveSet, recursiveClear],
      ] as const) {
        assert.ok((on & _ATIME) === 0 || (off & _ATIME) === _ATIME, `${first},${second}`)
        assert.equal(on & off & ~_ATIME, 0, `${first},${second}`)
      }
    }
})

test('an empty option is none', () => {
  assert.throws(
    () => parseMountOptions(['ro', ''], '/mounts/3'),
    (error: ConfigError) => error instanceof ConfigError && error.at === '/mounts/3/options/1',
  )
})
