/**
 * Three layers with what unpackers get wrong, as data; and the tree that they come to.
 *
 * Layer 1 makes, layer 2 removes and replaces, layer 3 brings back.
 */

export interface Entry {
  readonly name: string
  readonly type?: 'file' | 'directory' | 'symlink' | 'link' | 'fifo' | 'character-device'
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly content?: string
  readonly linkname?: string
  readonly device?: readonly [major: number, minor: number]
  /** Seconds and nanoseconds, as a pax record spells them. */
  readonly mtime?: string
  readonly xattrs?: Readonly<Record<string, string>>
}

/** cap_net_bind_service=ep: struct vfs_cap_data, revision 2 with the effective bit, little-endian. */
export const netBindCapability = `\x01\0\0\x02\0\x04${'\0'.repeat(14)}`
const longName = `long/${'a-name-longer-than-ustar-holds-'.repeat(5)}`
const directory = (name: string, more: Partial<Entry> = {}): Entry => ({
  name,
  type: 'directory',
  mode: 0o755,
  ...more,
})

export const hardLayers: readonly (readonly Entry[])[] = [
  [
    directory('etc/'),
    { name: 'etc/keep', content: 'keep\n' },
    { name: 'etc/gone', content: 'gone\n' },
    { name: 'etc/again', content: 'first\n', mode: 0o600 },
    directory('opaque/'),
    { name: 'opaque/old', content: 'old\n' },
    directory('opaque/below/'),
    { name: 'opaque/below/old', content: 'old\n' },
    directory('becomes-file/'),
    { name: 'becomes-file/child', content: 'child\n' },
    { name: 'becomes-directory', content: 'file\n' },
    directory('hard/'),
    { name: 'hard/a', content: 'one inode\n', mode: 0o640 },
    { name: 'hard/b', type: 'link', linkname: 'hard/a' },
    directory('setgid/', { mode: 0o2775, gid: 100 }),
    { name: 'setgid/file', content: 'mine\n', uid: 1000, gid: 1000 },
    { name: 'setuid', content: '#!/bin/sh\n', mode: 0o4755, uid: 1000, gid: 1000 },
    directory('sticky/', { mode: 0o1777 }),
    { name: 'nanoseconds', content: 'now\n', mtime: '1700000000.123456789' },
    directory('dated/', { mtime: '1600000000.000000001' }),
    { name: 'dated/later', content: 'a file made in it later must not touch its date\n' },
    {
      name: 'capable',
      content: 'net_bind\n',
      mode: 0o755,
      xattrs: { 'security.capability': netBindCapability },
    },
    { name: 'attributed', content: 'xattr\n', xattrs: { 'user.tinyctr': 'value' } },
    { name: 'relative-link', type: 'symlink', linkname: 'etc/keep' },
    { name: 'absolute-link', type: 'symlink', linkname: '/etc/keep' },
    { name: 'dangling-link', type: 'symlink', linkname: '../../nowhere' },
    { name: 'pipe', type: 'fifo', mode: 0o644 },
    { name: 'null', type: 'character-device', mode: 0o666, device: [1, 3] },
    directory('long/'),
    { name: longName, content: 'long\n' },
    { name: 'Grüße-世界', content: 'utf-8\n' },
    { name: 'empty', content: '' },
    { name: 'no/parents/named', content: 'implied\n' },
  ],
  [
    { name: 'etc/.wh.gone', content: '' },
    { name: 'etc/.wh.again', content: '' },
    directory('opaque/'),
    { name: 'opaque/.wh..wh..opq', content: '' },
    { name: 'opaque/new', content: 'new\n' },
    { name: 'becomes-file', content: 'file now\n' },
    directory('becomes-directory/'),
    { name: 'becomes-directory/child', content: 'child\n' },
  ],
  [{ name: 'etc/again', content: 'second\n', mode: 0o644 }],
]

/** What all three come to: paths that must not be there, and contents that must. */
export const hardTree = {
  absent: [
    'etc/gone',
    'opaque/old',
    'opaque/below',
    'etc/.wh.gone',
    'opaque/.wh..wh..opq',
    'becomes-file/child',
  ],
  contents: {
    'etc/keep': 'keep\n',
    'etc/again': 'second\n',
    'opaque/new': 'new\n',
    'becomes-file': 'file now\n',
    'becomes-directory/child': 'child\n',
    'hard/a': 'one inode\n',
    'hard/b': 'one inode\n',
    'no/parents/named': 'implied\n',
    'Grüße-世界': 'utf-8\n',
    [longName]: 'long\n',
  },
} as const
