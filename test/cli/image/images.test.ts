/** load, images and rmi, as a person uses them, in a store of their own. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))
const layout = fileURLToPath(new URL('../../../rootfs-fixtures/busybox', import.meta.url))
const tsx = import.meta.resolve('tsx')
const folder = mkdtempSync(join(tmpdir(), 'tinyctr-images-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function tinyctr(...args: string[]) {
  const all = ['--import', tsx, main, '--root', `${folder}/run`, '--data-root', `${folder}/data`, ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8' })
  return { status, stdout, stderr }
}

test('an empty store has a heading', () => {
  assert.deepEqual(tinyctr('images'), {
    status: 0,
    stdout: 'REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n',
    stderr: '',
  })
  assert.deepEqual(tinyctr('images', '-q'), { status: 0, stdout: '', stderr: '' })
})

test('a layout is loaded, listed and removed by its id', () => {
  const loaded = tinyctr('load', '-q', '-i', layout)
  assert.equal(loaded.stderr, '')
  assert.match(loaded.stdout, /^Loaded image(?: ID)?: \S+\n$/)
  const id = tinyctr('images', '-q').stdout.trim()
  assert.match(id, /^[0-9a-f]{12}$/)
  assert.match(tinyctr('images').stdout, new RegExp(`\\n\\S+ +\\S+ +${id} +.* ago +[\\d.]+MB\\n$`))
  assert.match(tinyctr('images', '--no-trunc', '-q').stdout, new RegExp(`^sha256:${id}[0-9a-f]{52}\\n$`))
  assert.match(
    tinyctr('rmi', id).stdout,
    new RegExp(`^Deleted: sha256:${id}[0-9a-f]{52}\nDeleted: sha256:[0-9a-f]{64}\n$`),
  )
  assert.equal(tinyctr('images', '-q').stdout, '')
})

test('what is not there', () => {
  assert.deepEqual(tinyctr('rmi', 'ghost'), {
    status: 1,
    stdout: '',
    stderr: 'tinyctr: No such image: ghost:latest\n',
  })
  assert.deepEqual(tinyctr('rmi', '-f', 'ghost'), {
    status: 0,
    stdout: '',
    stderr: 'tinyctr: No such image: ghost:latest\n',
  })
  assert.deepEqual(tinyctr('load', '-i', '/nonexistent'), {
    status: 1,
    stdout: '',
    stderr: 'tinyctr: open /nonexistent: no such file or directory\n',
  })
})

test('--tree shows platforms, for people; --format raw and json as docker', () => {
  const id = /^Loaded image ID: sha256:(\S+)\n$/.exec(tinyctr('load', '-i', layout).stdout)![1]!
  const name = 'my/tools:1'
  assert.equal(tinyctr('tag', id, name).status, 0)
  const { stdout, status } = tinyctr('images', '--tree')
  assert.equal(status, 0)
  const [heading, image, platform, other] = stdout.split('\n')
  assert.match(heading!, /^IMAGE +ID {13}DISK USAGE {3}CONTENT SIZE {3}EXTRA$/)
  assert.match(image!, new RegExp(`^${name} +[0-9a-f]{12} +[\\d.]+MB +[\\d.]+[kM]B +$`))
  assert.match(platform!, /^├─ linux\/\w+ +[0-9a-f]{12} +[\d.]+MB +[\d.]+[kM]B +$/)
  assert.match(other!, /^└─ linux\/\w+\S* +[0-9a-f]{12} +0B +0B +$/)
  assert.deepEqual(
    tinyctr('images', '--tree', '-q').stderr,
    'tinyctr: --quiet is not yet supported with --tree\n',
  )

  const [repository, tag] = name.split(':')
  const raw = tinyctr('images', '--format', 'raw').stdout
  assert.match(
    raw,
    new RegExp(
      `^repository: ${repository}\ntag: ${tag}\nimage_id: [0-9a-f]{12}\ncreated_at: .*\nvirtual_size: .*B\n\n?$`,
    ),
  )
  const json = (...flags: string[]) => JSON.parse(tinyctr('images', '--format', 'json', ...flags).stdout)
  assert.equal(json().Digest, '<none>')
  assert.match(json('--digests').Digest, /^sha256:[0-9a-f]{64}$/)
})
