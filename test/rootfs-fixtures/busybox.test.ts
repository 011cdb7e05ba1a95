import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'

const layout = 'rootfs-fixtures/busybox'
const blobs = join(layout, 'blobs/sha256')
const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'))
const version: string = index.manifests[0].annotations['org.opencontainers.image.version']
const scratch = mkdtempSync(join(tmpdir(), 'tinyctr-fixture-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const has = (...tools: string[]) => tools.every((tool) => existsSync(`/usr/bin/${tool}`))

test('every blob is what its name says', () => {
  for (const name of readdirSync(blobs)) {
    assert.equal(
      createHash('sha256')
        .update(readFileSync(join(blobs, name)))
        .digest('hex'),
      name,
    )
  }
})

test('the README names the source of the version that is in it', () => {
  assert.ok(readFileSync('rootfs-fixtures/README.md', 'utf8').includes(version))
})

describe('to skopeo and umoci it is an image', {
  skip: !has('skopeo', 'umoci') && 'needs skopeo and umoci',
}, () => {
  for (const architecture of ['amd64', 'arm64']) {
    test(architecture, { skip: process.getuid?.() !== 0 && 'needs root' }, () => {
      const one = `${join(scratch, architecture)}:one`
      const platform = ['--override-os', 'linux', '--override-arch', architecture]
      execFileSync('skopeo', [
        ...platform,
        'copy',
        '--quiet',
        '--insecure-policy',
        `oci:${layout}:latest`,
        `oci:${one}`,
      ])
      assert.equal(
        JSON.parse(execFileSync('skopeo', ['inspect', `oci:${one}`], { encoding: 'utf8' })).Architecture,
        architecture,
      )

      const bundle = join(scratch, `${architecture}.bundle`)
      execFileSync('umoci', ['unpack', '--image', one, bundle], { stdio: 'pipe' })
      const rootfs = join(bundle, 'rootfs')
      assert.equal(statSync(join(rootfs, 'tmp')).mode & 0o7777, 0o1777)
      assert.match(readFileSync(join(rootfs, 'etc/os-release'), 'utf8'), /^ID=tinyctr-fixture$/m)
      for (const applet of [
        'bin/sh',
        'bin/ps',
        'bin/mount',
        'usr/bin/id',
        'usr/bin/top',
        'bin/vi',
        'bin/ping',
      ]) {
        assert.ok(
          existsSync(join(rootfs, 'bin/busybox')) &&
            readdirSync(join(rootfs, applet, '..')).includes(applet.split('/').at(-1)!),
        )
      }
    })
  }
})

test('anyone who builds it gets the same bytes', (t) => {
  if (!has('apt-get', 'dpkg-deb')) return t.skip('needs apt-get: not a Debian host')
  const rebuilt = join(scratch, 'rebuilt')
  const build = spawnSync('rootfs-fixtures/build', ['-v', version, rebuilt], { encoding: 'utf8' })
  if (/Cannot download/.test(build.stderr))
    return t.skip(`busybox-static ${version} is not to be had from this host's mirrors`)
  assert.equal(build.status, 0, build.stderr)
  assert.deepEqual(readdirSync(join(rebuilt, 'blobs/sha256')).sort(), readdirSync(blobs).sort())
  assert.deepEqual(readFileSync(join(rebuilt, 'index.json')), readFileSync(join(layout, 'index.json')))
})
