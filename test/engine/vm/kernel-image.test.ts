/** Modules in the order in which a kernel takes them, from a folder that looks as packages leave it. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readModules } from '../../../src/engine/vm/kernel-image.ts'

const folder = mkdtempSync('/dev/shm/tinyctr-kernel-')
after(() => rmSync(folder, { recursive: true, force: true }))

const kernel = { path: join(folder, 'vmlinuz-1'), release: '1', modules: join(folder, 'modules') }
const module = (name: string, depends: string): Buffer =>
  Buffer.from(`\x7fELF\0depends=${depends}\0name=${name}\0`)
const put = (path: string, content: Uint8Array): void => {
  mkdirSync(dirname(join(kernel.modules, path)), { recursive: true })
  writeFileSync(join(kernel.modules, path), content)
}
const names = (wanted: string[]): string[] =>
  readModules(kernel, wanted).map((bytes) => /name=([^\0]*)/.exec(Buffer.from(bytes).toString())?.[1] ?? '')

put('modules.order', Buffer.from('kernel/fs/top.ko\nkernel/net/mid-dle.ko\nkernel/lib/low.ko\n'))
put('modules.builtin', Buffer.from('kernel/fs/inside.ko\n'))
put('kernel/fs/top.ko', module('top', 'mid-dle,inside'))
put('kernel/net/mid-dle.ko.gz', gzipSync(module('middle', 'low')))
put('kernel/lib/low.ko', module('low', ''))

test('each comes after those that it needs, once, compressed or not', () => {
  assert.deepEqual(names(['top', 'low', 'mid_dle']), ['low', 'middle', 'top'])
})

test('what is built in needs no module', () => {
  assert.deepEqual(names(['inside']), [])
})

test('what the kernel has neither way is named', () => {
  assert.throws(() => names(['9p']), /the kernel 1 has no 9p/)
})
