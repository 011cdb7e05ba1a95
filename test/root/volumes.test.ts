/** Volumes as a person uses them: their files outlive the container, and begin with what the image has there. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { skip, tinyctrForTests } from './tinyctr.ts'

const tinyctr = tinyctrForTests()
let image = ''

test('an image with files to begin with', { skip }, async () => {
  image = await tinyctr.image('seeded', {
    config: { Volumes: { '/var/data': {} } },
    entries: [
      { name: 'seed/', type: 'directory', mode: 0o1750, uid: 7, gid: 8 },
      { name: 'seed/file', content: 'from the image', mode: 0o640, uid: 9, gid: 10 },
      { name: 'seed/sub/', type: 'directory', mode: 0o755 },
      { name: 'seed/sub/link', type: 'symlink', linkname: '../file' },
      { name: 'var/data/', type: 'directory', mode: 0o755 },
      { name: 'var/data/own', content: 'kept' },
    ],
  })
})

const data = (name: string): string => join(tinyctr.dataRoot, 'volumes', name, '_data')
const volumes = (): string[] => {
  const folder = join(tinyctr.dataRoot, 'volumes')
  return existsSync(folder) ? readdirSync(folder) : []
}

test('a named volume outlives its container', { skip }, () => {
  assert.equal(tinyctr.inside(['-v', 'kept:/data'], 'echo hello > /data/a; cat /data/a'), 'hello')
  assert.equal(tinyctr.inside(['--mount', 'src=kept,dst=/else'], 'cat /else/a'), 'hello')
  assert.equal(
    tinyctr
      .run(['-v', 'kept:/data:ro'], ['sh', '-c', 'echo x > /data/a'])
      .stderr.includes('Read-only file system'),
    true,
  )
})

test('a new volume begins with what the image has there', { skip }, () => {
  const seen = tinyctr.inside(
    ['-v', 'seeded:/seed'],
    'stat -c "%a %u:%g" /seed /seed/file; cat /seed/sub/link; echo changed > /seed/file',
    { image },
  )
  assert.equal(seen, '1750 7:8\n640 9:10\nfrom the image')
  assert.equal(tinyctr.inside(['-v', 'seeded:/seed'], 'cat /seed/file', { image }), 'changed')
  assert.equal(tinyctr.inside(['-v', 'bare:/seed:nocopy'], 'ls -A /seed', { image }), '')
  assert.equal(tinyctr.inside(['-v', 'guarded:/seed:ro'], 'cat /seed/file', { image }), 'from the image')
  assert.equal(statSync(data('seeded')).uid, 7)
})

test("an image's VOLUME and -v PATH make volumes that go with the container", { skip }, () => {
  const before = volumes()
  const seen = tinyctr.inside(
    ['-v', '/anonymous'],
    'cat /var/data/own; grep -cE " /(var/data|anonymous) " /proc/self/mountinfo',
    { image },
  )
  assert.equal(seen, 'kept2')
  assert.deepEqual(volumes(), before)
})

test('a mount of the user takes the place of the VOLUME', { skip }, () => {
  assert.equal(
    tinyctr.inside(['-v', 'mine:/var/data/'], 'echo mine > /var/data/x; ls /var/data', { image }),
    'own\nx',
  )
  assert.deepEqual(readdirSync(data('mine')), ['own', 'x'])
})

test("a name that cannot be, in Docker's words", { skip }, () => {
  const { status, stderr } = tinyctr.run(['-v', 'a/b:/data'], ['true'])
  assert.equal(status, 125)
  assert.match(stderr, /create a\/b: "a\/b" includes invalid characters for a local volume name/)
})

test('volume-subpath: of a volume only what is there, and by no symlink', { skip }, () => {
  tinyctr.inside(
    ['-v', 'parts:/all'],
    'mkdir -p /all/a/b; echo deep >/all/a/b/f; ln -s / /all/way; ln -s a /all/link',
  )
  const of = (subpath: string): string => `type=volume,src=parts,dst=/part,volume-subpath=${subpath}`
  assert.equal(tinyctr.inside(['--mount', of('a/b')], 'cat /part/f; touch /part/new'), 'deep')
  assert.equal(tinyctr.inside(['--mount', of('a/b/f')], 'cat /part'), 'deep')
  assert.equal(existsSync(join(data('parts'), 'a/b/new')), true)
  for (const subpath of ['way', 'link/b', 'way/etc']) {
    const { status, stderr } = tinyctr.run(['--mount', of(subpath)], ['true'])
    assert.equal(status, 125, subpath)
    assert.match(stderr, /openat2.*ELOOP|by no symlink/, subpath)
  }
  assert.match(
    tinyctr.run(['--mount', of('missing')], ['true']).stderr,
    /found nothing at .*parts\/_data\/missing/,
  )
  for (const subpath of ['../x', '/a', 'a/../../x'])
    assert.match(
      tinyctr.run(['--mount', of(subpath)], ['true']).stderr,
      /subpath must be a relative path within the volume/,
    )
})

test("options of the local driver: a file system of the volume's own, a folder of the host's", {
  skip,
}, () => {
  const says = (...args: string[]) => {
    const { status, stdout, stderr } = tinyctr.command(args)
    assert.equal(status, 0, stderr)
    return stdout.trim()
  }
  says(
    'volume',
    'create',
    '--opt',
    'type=tmpfs',
    '--opt',
    'device=tmpfs',
    '--opt',
    'o=size=64k,nosuid',
    'small',
  )
  const seen = tinyctr.inside(
    ['-v', 'small:/small'],
    'df -k /small | tail -1 | tr -s " " | cut -d" " -f2; grep -o "/small .*nosuid" /proc/self/mountinfo | wc -l',
  )
  assert.equal(seen, '64\n1')
  assert.equal(
    says('volume', 'inspect', '-f', '{{json .Options}}', 'small'),
    '{"device":"tmpfs","o":"size=64k,nosuid","type":"tmpfs"}',
  )
  const bound = `type=volume,src=bound,dst=/there,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=${data('small')}`
  assert.equal(tinyctr.inside(['--mount', bound], 'echo x >/there/x; ls /there'), 'x')
  assert.deepEqual(readdirSync(data('small')), ['x'])
  const refused = (...options: string[]): string =>
    tinyctr.command(['volume', 'create', ...options.flatMap((one) => ['--opt', one]), 'bad']).stderr
  assert.equal(refused('foo=1'), 'tinyctr: create bad: invalid option: "foo"\n')
  assert.equal(refused('type=nfs'), 'tinyctr: create bad: missing required option: "device"\n')
})
