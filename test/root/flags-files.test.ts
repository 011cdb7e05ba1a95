/** What `run`'s flags do to the files of the container, seen from inside and, for volumes, from the host. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { buildProbe } from './probe.ts'
import { skip, tinyctrForTests } from './tinyctr.ts'

const tinyctr = tinyctrForTests()

/** A folder on the host with one file in it. */
function volume(name: string): string {
  const folder = join(tinyctr.folder, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'file'), 'from the host\n')
  return folder
}

const mountOptions = (path: string): string => `grep " ${path} " /proc/self/mountinfo | cut -d' ' -f6`

describe('files', { skip }, () => {
  test('-v: a folder, both ways', () => {
    const source = volume('rw')
    assert.equal(
      tinyctr.inside(['-v', `${source}:/data`], 'cat /data/file; echo new >/data/made'),
      'from the host',
    )
    assert.equal(readFileSync(join(source, 'made'), 'utf8'), 'new\n')
  })

  test('-v: read-only, for root too, and below it', () => {
    const source = volume('ro')
    const { stderr } = tinyctr.run(['-v', `${source}:/data:ro`], ['/bin/sh', '-c', 'echo x >/data/file'])
    assert.match(stderr, /Read-only file system/)
    assert.equal(readFileSync(join(source, 'file'), 'utf8'), 'from the host\n')
    assert.match(tinyctr.inside(['-v', `${source}:/data:ro`], mountOptions('/data')), /\bro\b/)
  })

  test('-v: a single file, onto one that is there and one that is not', () => {
    const source = join(volume('single'), 'file')
    assert.equal(tinyctr.inside(['-v', `${source}:/etc/passwd`], 'cat /etc/passwd'), 'from the host')
    assert.equal(tinyctr.inside(['-v', `${source}:/x/y/z`], 'cat /x/y/z'), 'from the host')
  })

  test('-v: a missing source is made, --mount’s is an error', () => {
    const missing = join(tinyctr.folder, 'made/by/run')
    assert.equal(tinyctr.inside(['-v', `${missing}:/data`], 'ls /data'), '')
    assert.equal(statSync(missing).mode & 0o777, 0o755)
    const other = join(tinyctr.folder, 'never-made')
    const { status, stderr } = tinyctr.run(['--mount', `type=bind,src=${other},dst=/data`], ['true'])
    assert.equal(status, 125)
    assert.match(stderr, /never-made/)
    assert.equal(existsSync(other), false)
  })

  test('-v: a relative source starts from the current folder', () => {
    volume('relative')
    assert.equal(
      tinyctr.inside(['-v', './relative:/data'], 'cat /data/file', { cwd: tinyctr.folder }),
      'from the host',
    )
  })

  test('--mount: bind and tmpfs, with their options', () => {
    const source = volume('mount')
    const bind = ['--mount', `type=bind,source=${source},target=/data,readonly`]
    assert.match(tinyctr.inside(bind, `cat /data/file; ${mountOptions('/data')}`), /from the host\nro/)
    const tmpfs = ['--mount', 'type=tmpfs,destination=/scratch,tmpfs-size=1m,tmpfs-mode=0700']
    assert.equal(
      tinyctr.inside(tmpfs, 'stat -c %a /scratch; df -k /scratch | tail -1 | tr -s " " | cut -d" " -f2'),
      '700\n1024',
    )
  })

  test('--tmpfs: empty, writable, noexec unless asked', () => {
    const script = `${mountOptions('/t')}; echo '#!/bin/sh' >/t/x; chmod +x /t/x; /t/x 2>/dev/null; echo $?`
    assert.match(tinyctr.inside(['--tmpfs', '/t'], script), /noexec.*\n126$/s)
    assert.match(tinyctr.inside(['--tmpfs', '/t:exec,size=64k'], script), /\n0$/)
  })

  test('mounts inside of one another: the outer one first', () => {
    const outer = volume('outer')
    const inner = volume('inner')
    const script = 'cat /a/file /a/b/file; mount | grep -c " /a"'
    const flags = ['-v', `${inner}:/a/b`, '-v', `${outer}:/a`]
    assert.equal(tinyctr.inside(flags, script), 'from the host\nfrom the host\n2')
  })

  test('--read-only: the root, not the volumes, not /dev/shm', () => {
    const source = volume('rw-in-ro')
    const flags = ['--read-only', '-v', `${source}:/new/place`, '--tmpfs', '/t']
    const script = 'touch /x 2>/dev/null || echo root; touch /etc/hosts 2>/dev/null || echo hosts'
    assert.equal(
      tinyctr.inside(flags, `${script}; touch /new/place/x /t/x /dev/shm/x && echo writable`),
      'root\nhosts\nwritable',
    )
  })

  test('what the container writes is gone with it, and the image is as before', () => {
    tinyctr.inside([], 'echo changed >/etc/passwd; rm /bin/ls; mkdir /made')
    assert.match(
      tinyctr.inside([], 'head -1 /etc/passwd; ls -d /bin/ls /made 2>/dev/null; true'),
      /^root:.*\n\/bin\/ls$/,
    )
  })

  test('folders nested deeper than paths are long are gone too, after an end and after a kill', async () => {
    const probe = ['-v', `${buildProbe(tinyctr.folder)}:/probe`, '-w', '/deep']
    assert.equal(tinyctr.run(probe, ['/probe', 'nest', '5000']).stdout, 'nested\n')
    assert.deepEqual(tinyctr.leftovers(), [])
    const child = tinyctr.start(tinyctr.runArguments(probe, ['/probe', 'nest', '5000', 'and-wait']))
    await once(child.stdout!, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.equal(tinyctr.inside([], 'echo next'), 'next')
  })

  test('--shm-size and the default of 64 MiB', () => {
    const size = 'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2'
    assert.equal(tinyctr.inside([], size), '65536')
    assert.equal(tinyctr.inside(['--shm-size', '2m'], size), '2048')
  })

  test('/etc/hosts, /etc/hostname, /etc/resolv.conf: --add-host, --dns and its like', () => {
    const flags = ['--hostname', 'box', '--domainname', 'example.org', '--add-host', 'db:10.1.2.3']
    const dns = ['--dns', '9.9.9.9', '--dns-search', 'example.net', '--dns-option', 'ndots:3']
    const text = tinyctr.inside([...flags, ...dns], 'cat /etc/hosts /etc/hostname /etc/resolv.conf')
    assert.match(text, /^127\.0\.0\.1\tlocalhost$/m)
    assert.match(text, /^10\.1\.2\.3\tdb$/m)
    assert.match(text, /^box$/m)
    assert.match(text, /^nameserver 9\.9\.9\.9\nsearch example\.net\noptions ndots:3$/m)
  })

  test('--device: the node, usable; without it, absent', () => {
    const script = 'ls /dev/loop-control 2>/dev/null; test -c /dev/mine && stat -c %t:%T /dev/mine'
    assert.equal(
      tinyctr.inside(['--device', '/dev/zero:/dev/mine'], `${script}; head -c 3 /dev/mine | wc -c`),
      '1:5\n3',
    )
    const { status, stderr } = tinyctr.run(['--device', '/dev/no-such'], ['true'])
    assert.equal(status, 125)
    assert.match(stderr, /no-such/)
  })

  test('/dev has what programs expect, and no more', () => {
    assert.deepEqual(
      tinyctr.inside([], 'ls /dev').split('\n'),
      'fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero'.split(' '),
    )
    assert.equal(tinyctr.inside([], 'echo x >/dev/null; head -c 4 /dev/urandom | wc -c'), '4')
  })
})
