/** The archive as cpio(1)'s own reader sees it: bytes, names, modes, folders before what is in them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeInitramfs } from '../../../src/engine/vm/initramfs.ts'

const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path))

test('busybox unpacks it as it was', {
  skip: busybox === undefined && 'needs busybox (apt-get install busybox-static)',
}, () => {
  const folder = mkdtempSync('/dev/shm/tinyctr-initramfs-')
  try {
    const files = {
      '/init': Buffer.from('#!'),
      '/boot/modules/aa': Buffer.from('12345'),
      '/boot/modules/ab': Buffer.alloc(0),
    }
    mkdirSync(join(folder, 'to'))
    const { status, stderr } = spawnSync(busybox!, ['cpio', '-i', '-d'], {
      cwd: join(folder, 'to'),
      input: encodeInitramfs(files),
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
    for (const [path, content] of Object.entries(files))
      assert.deepEqual(readFileSync(join(folder, 'to', path)), content)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
