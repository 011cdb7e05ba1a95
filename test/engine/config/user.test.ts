import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveUser } from '../../../src/engine/config/user.ts'

const passwd = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
# a comment
u:x:1000:1001:U:/home/u:/bin/sh
nohome:x:1002:1002
1234:x:0:0:a number for a name:/evil:/bin/sh
bad:x::1:no uid:/bad:/bin/sh
badgid:x:1005:4294967296:gid too big:/bad:/bin/sh
big:x:4294967296:1:uid wraps to 0:/bad:/bin/sh
`
const group = `root:x:0:root
wheel:x:10:root,u
users:x:1001:
docker:x:998:daemon,u
u2:x:1000:nobody
77:x:0:nobody
broken:x:zero:nobody
`
const resolve = (spec: string, groupAdd?: string[]) =>
  resolveUser(passwd, group, spec, groupAdd && { groupAdd })

const found: [spec: string, uid: number, gid: number, groups: number[], home: string][] = [
  ['', 0, 0, [0, 10], '/root'],
  ['root', 0, 0, [0, 10], '/root'],
  ['0', 0, 0, [0, 10], '/root'],
  ['u', 1000, 1001, [1001, 10, 998], '/home/u'],
  ['1000', 1000, 1001, [1001, 10, 998], '/home/u'],
  ['1000:1000', 1000, 1000, [1000], '/home/u'],
  ['u:wheel', 1000, 10, [10], '/home/u'],
  ['u:77', 1000, 77, [77], '/home/u'],
  ['4000', 4000, 0, [0], '/'],
  ['4000:5000', 4000, 5000, [5000], '/'],
  ['nohome', 1002, 1002, [1002], '/'],
  ['2147483647', 2147483647, 0, [0], '/'],
]
for (const [spec, uid, gid, additionalGids, home] of found) {
  test(`"${spec}" is ${uid}:${gid}`, () =>
    assert.deepEqual(resolve(spec), { uid, gid, additionalGids, home }))
}

test('cve-2016-3697: a number is a uid, even where it is also a name', () => {
  assert.deepEqual(resolve('1234'), { uid: 1234, gid: 0, additionalGids: [0], home: '/' })
})

const refused: [spec: string, cve: string][] = [
  ['2147483648', 'cve-2024-40635'],
  ['4294967296', 'cve-2024-40635'],
  ['4294967296:1', 'cve-2024-40635'],
  ['1:2147483648', 'cve-2024-40635'],
  ['99999999999999999999', 'cve-2024-40635'],
  ['1000:', 'cve-2026-46680'],
  [':1000', 'cve-2026-46680'],
  [':', 'cve-2026-46680'],
  ['1:2:3', 'cve-2026-46680'],
  ['u:', 'cve-2026-46680'],
  [' 0', 'cve-2026-30892'],
  ['0 ', 'cve-2026-30892'],
  ['-1', 'cve-2026-30892'],
  ['+0', 'cve-2026-30892'],
  ['0x0', 'cve-2026-30892'],
  ['1e3', 'cve-2026-30892'],
  ['1.0', 'cve-2026-30892'],
  ['root\0', 'cve-2026-30892'],
  ['root\n', 'cve-2026-30892'],
  ['#', 'cve-2026-30892'],
  ['bad', 'cve-2026-30892'],
  ['big', 'cve-2024-40635'],
  ['badgid', 'cve-2024-40635'],
  ['u:broken', 'cve-2026-30892'],
]
for (const [spec, cve] of refused) {
  test(`${cve}: "${spec}" is an error, not root`, () => {
    assert.throws(() => resolve(spec), { name: 'ConfigError', at: '--user' })
  })
}

test('who is not there is an error in Docker’s words', () => {
  assert.throws(() => resolve('ghost'), {
    message: 'unable to find user ghost: no matching entries in passwd file',
  })
  assert.throws(() => resolve('u:ghosts'), {
    message: 'unable to find group ghosts: no matching entries in group file',
  })
  assert.throws(() => resolveUser('', '', 'root'), { name: 'ConfigError' })
})

test('without files, numbers still work, and root is root', () => {
  assert.deepEqual(resolveUser('', '', ''), { uid: 0, gid: 0, additionalGids: [0], home: '/' })
  assert.deepEqual(resolveUser('', '', '5:6'), { uid: 5, gid: 6, additionalGids: [6], home: '/' })
})

test('--group-add: names and numbers, each once', () => {
  assert.deepEqual(resolve('u', ['docker', '5', 'users']).additionalGids, [1001, 10, 998, 5])
  assert.throws(() => resolve('u', ['ghosts']), { name: 'ConfigError', at: '--group-add' })
  assert.throws(() => resolve('u', ['2147483648']), { name: 'ConfigError', at: '--group-add' })
})
