/** The image store of an ordinary user: with one id, and with the range that subuid(5) may grant. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { addImage } from './image.ts'
import { Rootless } from './rootless.ts'
import { IMAGE, skip } from './tinyctr.ts'

const entries = [
  { name: 'srv/', type: 'directory', mode: 0o750, uid: 1000, gid: 1001 },
  { name: 'srv/theirs', content: 'x', mode: 0o600, uid: 1000, gid: 1001 },
  { name: 'srv/suid', content: 'x', mode: 0o4755, uid: 1000, gid: 0 },
  { name: 'mine', content: 'x', mode: 0o4755 },
] as const

const owners = "stat -c '%n %u:%g %a' /srv /srv/theirs /srv/suid /mine"

describe('the store without root', { skip }, () => {
  let tinyctr: Rootless
  let layout: string
  before(async () => {
    tinyctr = new Rootless()
    layout = join(tinyctr.folder, 'layout')
    await addImage(layout, IMAGE, { entries })
  })
  after(() => tinyctr.remove())

  test('one id: everything is root’s inside, setuid of others is dropped, and both are said', () => {
    const { status, stderr } = tinyctr.as(['load', '--quiet', '--input', layout])
    assert.equal(status, 0, stderr)
    assert.match(
      stderr,
      /^tinyctr: warning: without root, 3 entries of the image cannot have their owners: .*\/etc\/subuid/,
    )
    assert.equal(
      tinyctr.says([], owners),
      '/srv 0:0 750\n/srv/theirs 0:0 600\n/srv/suid 0:0 755\n/mine 0:0 4755',
    )
    const { status: removed, stdout } = tinyctr.as(['rmi', IMAGE])
    assert.equal(removed, 0)
    assert.match(stdout, /^Untagged: .*\nDeleted: /)
  })

  describe('pulled by run itself', {
    skip: !existsSync('/usr/bin/docker-registry') && 'needs docker-registry',
  }, () => {
    const name = '127.0.0.1:5000/box:latest'
    before(() => {
      const folder = join(tinyctr.folder, 'registry')
      mkdirSync(folder)
      const config = {
        version: 0.1,
        storage: { filesystem: { rootdirectory: folder } },
        http: { addr: '127.0.0.1:5000' },
      }
      writeFileSync(`${folder}.yml`, JSON.stringify(config))
      tinyctr.onMachine(
        `setsid docker-registry serve ${folder}.yml >/dev/null 2>&1 & until busybox nc 127.0.0.1 5000 </dev/null 2>/dev/null; do sleep 0.1; done
        skopeo copy --quiet --dest-tls-verify=false oci:${layout} docker://${name}`,
      )
    })

    test('one id: said as by pull', () => {
      const { status, stdout, stderr } = tinyctr.as(['run', '--rm', name, 'sh', '-c', owners])
      assert.equal(status, 0, stderr)
      assert.match(stderr, /without root, 3 entries of the image cannot have their owners: .*\/etc\/subuid/)
      assert.equal(stdout, '/srv 0:0 750\n/srv/theirs 0:0 600\n/srv/suid 0:0 755\n/mine 0:0 4755\n')
      assert.equal(tinyctr.as(['rmi', name]).status, 0)
    })

    test('granted ids: every entry is as root has it', {
      skip: !existsSync('/usr/bin/newuidmap') && 'needs newuidmap (uidmap)',
    }, () => {
      const list = [
        'run',
        '--rm',
        '--network',
        'none',
        name,
        'sh',
        '-c',
        "find / -xdev | sort | xargs stat -c '%n %F %u:%g %a %s %Y' | grep -vE '^/(dev|etc|proc|sys|tmp|run|etc/hostname|etc/hosts|etc/resolv.conf)? '",
      ]
      const root = new Rootless()
      const { status, stdout, stderr } = tinyctr.as(list, { range: true })
      assert.equal(status, 0, stderr)
      assert.doesNotMatch(stderr, /warning/)
      assert.match(stdout, /\/srv\/theirs regular file 1000:1001 600/)
      const saved = join(tinyctr.home, 'saved.tar')
      assert.equal(tinyctr.as(['save', '-o', saved, name], { range: true }).status, 0)
      assert.equal(root.asRoot(['load', '--quiet', '--input', saved]).status, 0)
      assert.equal(root.asRoot(list).stdout, stdout)
      root.remove()
      const asked = tinyctr.as(['run', '--rm', '127.0.0.1:5000/nothing', 'true'], { range: true })
      assert.equal(asked.status, 125)
      assert.match(asked.stderr, /nothing/)
      assert.equal(tinyctr.as(['rmi', name], { range: true }).status, 0)
      assert.match(tinyctr.quietly(['system', 'df'], { range: true }), /^Images +0 /m)
    })
  })

  describe('with granted ids', {
    skip: !existsSync('/usr/bin/newuidmap') && 'needs newuidmap (uidmap)',
  }, () => {
    const range = { range: true }
    const quietly = (...args: string[]): string => {
      const { status, stdout, stderr } = tinyctr.as(args, range)
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
      return stdout.trim()
    }

    test('files are their owners’, in the container as in a saved and loaded, a committed and an exported one', () => {
      const expected = '/srv 1000:1001 750\n/srv/theirs 1000:1001 600\n/srv/suid 1000:0 4755\n/mine 0:0 4755'
      quietly('load', '--quiet', '--input', layout)
      assert.equal(tinyctr.says([], owners, range), expected)

      const script = 'echo more >/srv/theirs; chown 5:6 /mine; rm /srv/suid'
      const { status, stderr } = tinyctr.as(['run', '--name', 'box', IMAGE, 'sh', '-c', script], range)
      assert.equal(status, 0, stderr)
      const tar = join(tinyctr.home, 'export.tar')
      quietly('export', '-o', tar, 'box')
      const list = spawnSync('tar', ['--numeric-owner', '-tvf', tar, 'srv/', 'mine'], {
        encoding: 'utf8',
      }).stdout
      assert.match(list, /^drwxr-x--- 1000\/1001 .* srv\/$/m)
      assert.match(list, /^-rw------- 1000\/1001 +5 .* srv\/theirs$/m)
      assert.match(list, /^-rwxr-xr-x 5\/6 .* mine$/m)

      quietly('commit', 'box', 'committed:1')
      const again = "stat -c '%n %u:%g %a' /srv/theirs /mine; cat /srv/theirs; ls /srv"
      const { stdout } = tinyctr.as(['run', '--rm', 'committed:1', 'sh', '-c', again], range)
      assert.equal(stdout, '/srv/theirs 1000:1001 600\n/mine 5:6 755\nmore\ntheirs\n')
      quietly('rm', 'box')
      quietly('rmi', 'committed:1', IMAGE)
      assert.equal(quietly('images', '-q'), '')
    })
  })
})
