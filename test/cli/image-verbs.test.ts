/** tag, images, rmi, prune, inspect, history, save, load, import: what is printed, in which words, with which code. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { directory, file, tar } from '../image/layer/make-tar.ts'
import { makeContainer } from '../image/make-container.ts'
import { makeImage } from '../image/make-image.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const built = fileURLToPath(new URL('../../build/tinyctr', import.meta.url))
/** The sources take a second to start where the built program takes milliseconds. */
const [program, ...before] = existsSync(built)
  ? [built]
  : [process.execPath, '--import', import.meta.resolve('tsx'), main]
const folder = mkdtempSync(join(tmpdir(), 'tinyctr-verbs-'))
const dataRoot = join(folder, 'data')
after(() => rmSync(folder, { recursive: true, force: true }))
const own = { uid: process.getuid!(), gid: process.getgid!() }

function tinyctr(args: readonly string[], input?: Buffer) {
  const all = [...before, '--root', `${folder}/run`, '--data-root', dataRoot, ...args]
  const { status, stdout, stderr } = spawnSync(program!, all, { encoding: 'buffer', input })
  return { status, stdout: stdout.toString(), bytes: stdout, stderr: stderr.toString() }
}
/** What it prints when it ends well. */
function says(...args: string[]): string {
  const { status, stdout, stderr } = tinyctr(args)
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
  return stdout
}
const fails = (args: readonly string[], stderr: string, status = 1) => {
  const result = tinyctr(args)
  assert.deepEqual(
    { status: result.status, stderr: result.stderr },
    { status, stderr: `tinyctr: ${stderr}\n` },
  )
}

const base = tar(directory('etc', own), file('etc/base', 'base', own))
const config = (created: string, labels = {}) => ({ Cmd: ['sh'], Labels: labels, created })
const idOf = (name: string) => says('image', 'inspect', '-f', '{{.Id}}', name).trim()
const short = (id: string) => id.slice(7, 19)
const rows = (...args: string[]) =>
  says('images', '--format', '{{.Repository}}:{{.Tag}}', ...args)
    .trim()
    .split('\n')
    .filter(Boolean)

beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true })
  const layout = join(folder, 'layout')
  makeImage(layout, 'docker.io/library/one:1', [base], config('one', { team: 'a' }))
  makeImage(
    layout,
    'docker.io/library/two:1',
    [base, tar(file('two', '2', own))],
    config('two', { team: 'b' }),
  )
  says('load', '-q', '-i', layout)
})

describe('tag', () => {
  test('another name of the same image, by name, id and digest', () => {
    const id = idOf('one:1')
    assert.equal(says('tag', 'one:1', 'localhost:5000/mine/it'), '')
    says('tag', short(id), 'by-id')
    says('tag', id, 'by-id:whole')
    const digest = says('images', '--digests', '--format', '{{.Digest}}', 'one').trim()
    says('tag', `one@${digest}`, 'by-digest')
    says('tag', `one:1@${digest}`, 'by-both')
    const names = [
      'by-both:latest',
      'by-digest:latest',
      'by-id:latest',
      'by-id:whole',
      'localhost:5000/mine/it:latest',
      'one:1',
    ]
    assert.deepEqual(JSON.parse(says('inspect', '-f', '{{json .RepoTags}}', id)), names)
    assert.equal(says('images', '-q').trim().split('\n').length, 2)
  })

  test('the name’s former image stays, dangling, until it is pruned', () => {
    const id = idOf('one:1')
    says('tag', 'two:1', 'one:1')
    assert.deepEqual(rows(), ['one:1', 'two:1', '<none>:<none>'])
    assert.deepEqual(rows('-f', 'dangling=true'), ['<none>:<none>'])
    assert.deepEqual(rows('-f', 'dangling=false'), ['one:1', 'two:1'])
    assert.equal(says('images', '-q', '-f', 'dangling=true').trim(), short(id))
    assert.match(
      says('image', 'prune', '-f'),
      new RegExp(`^Deleted Images:\ndeleted: ${id}\n\nTotal reclaimed space: [1-9]`),
    )
    assert.deepEqual(rows(), ['one:1', 'two:1'])
    // The layer that both have is still there.
    assert.equal(
      readFileSync(
        `${says('inspect', '-f', '{{.GraphDriver.Data.LowerDir}}', 'two:1').trim()}/etc/base`,
        'utf8',
      ),
      'base',
    )
  })

  test('docker’s words for what is no name, and for no image', () => {
    fails(['tag', 'ghost', 'x'], 'No such image: ghost:latest')
    fails(['tag', 'ghost:3', 'x'], 'No such image: ghost:3')
    const refused = tinyctr(['tag', 'one:1', 'No:Name'])
    assert.equal(refused.status, 1)
    assert.match(
      refused.stderr,
      /^tinyctr: Error parsing reference: "No:Name" is not a valid repository\/tag/,
    )
    fails(['tag', 'one:1', `x@sha256:${'0'.repeat(64)}`], 'refusing to create a tag with a digest reference')
    fails(['tag', 'one:1', 'sha256:x'], 'refusing to create an ambiguous tag using digest algorithm as name')
  })
})

describe('images', () => {
  test('filters', () => {
    assert.deepEqual(rows('--filter', 'label=team=a'), ['one:1'])
    assert.deepEqual(rows('--filter', 'label=team').length, 2)
    assert.deepEqual(rows('--filter', 'reference=t*'), ['two:1'])
    assert.deepEqual(rows('o*:1'), ['one:1'])
    assert.deepEqual(rows('docker.io/library/one'), ['one:1'])
    assert.deepEqual(rows('one:2'), [])
    fails(['images', '-f', 'color=red'], "invalid filter 'color'")
    fails(['images', '-f', 'before=ghost'], 'No such image: ghost:latest')
  })

  test('before, since and until go by the time an image was made', () => {
    const old = tinyctr(['import', '-', 'old:1'], tar(file('f', '1', own)))
    assert.equal(old.status, 0, old.stderr)
    tinyctr(['import', '-', 'young:1'], tar(file('f', '2', own)))
    assert.deepEqual(rows('-f', 'since=old:1'), ['young:1'])
    assert.ok(rows('-f', 'before=young:1').includes('old:1'))
    assert.deepEqual(rows('-f', 'until=1h', 'old'), [])
    assert.deepEqual(rows('-f', `until=${Math.ceil(Date.now() / 1000) + 5}`, 'old'), ['old:1'])
  })

  test('--digests, --no-trunc, json, and image ls', () => {
    const id = idOf('one:1')
    assert.match(
      says('images', '--digests', 'one'),
      /^REPOSITORY {3}TAG {7}DIGEST {68}IMAGE ID {7}CREATED {3}SIZE\n/,
    )
    assert.equal(says('image', 'ls', '-q', '--no-trunc', 'one'), `${id}\n`)
    const json = JSON.parse(says('images', '--format', 'json', 'one'))
    assert.deepEqual([json.Repository, json.Tag, json.ID, json.Size], ['one', '1', short(id), '4B'])
  })
})

describe('rmi', () => {
  test('a name of several is taken away, the last one takes the image', () => {
    const id = idOf('two:1')
    says('tag', 'two:1', 'two:2')
    assert.equal(says('rmi', 'two:2'), 'Untagged: two:2\n')
    const lines = says('rmi', 'two:1').trim().split('\n')
    // The lower layer is the other image's too.
    assert.deepEqual(lines.slice(0, 2), ['Untagged: two:1', `Deleted: ${id}`])
    assert.equal(lines.length, 3)
    assert.deepEqual(rows(), ['one:1'])
  })

  test('by id: all its names, but not without force where there are several', () => {
    const id = idOf('two:1')
    says('tag', 'two:1', 'other')
    fails(
      ['rmi', short(id)],
      `conflict: unable to delete ${short(id)} (must be forced) - image is referenced in multiple repositories`,
    )
    assert.match(says('rmi', '-f', short(id)), /^Untagged: two:1\nUntagged: other:latest\nDeleted: sha256:/)
  })

  test('a stopped container keeps its image from going, unless it is forced', () => {
    const container = makeContainer(dataRoot, 'docker.io/library/two:1')
    const id = short(idOf('two:1'))
    const user = short(`sha256:${container.id}`)
    fails(
      ['rmi', 'two:1'],
      `conflict: unable to remove repository reference "two:1" (must force) - container ${user} is using its referenced image ${id}`,
    )
    fails(
      ['rmi', id],
      `conflict: unable to delete ${id} (must be forced) - image is being used by stopped container ${user}`,
    )
    assert.match(says('rmi', '-f', 'two:1'), /^Untagged: two:1\nDeleted: sha256:[0-9a-f]{64}\n$/)
    assert.deepEqual(rows(), ['one:1'])
    // What it is mounted from stays until it is gone itself.
    for (const path of container.lower) assert.ok(readdirSync(path).length > 0)
    rmSync(`${dataRoot}/containers`, { recursive: true })
    says('image', 'prune', '-f')
    assert.equal(readdirSync(`${dataRoot}/layers`).length, 1)
  })

  test('prune -a leaves what a container uses', () => {
    makeContainer(dataRoot, 'docker.io/library/two:1')
    assert.match(says('image', 'prune', '-af'), /^Deleted Images:\nuntagged: one:1\ndeleted: sha256:/)
    assert.deepEqual(rows(), ['two:1'])
    assert.match(says('image', 'prune', '-af', '--filter', 'label!=team'), /^Total reclaimed space: 0B\n$/)
  })

  test('prune asks; nothing is a no', () => {
    const asked = tinyctr(['image', 'prune', '-a'], Buffer.alloc(0))
    assert.equal(asked.status, 0)
    assert.match(
      asked.stdout,
      /^WARNING! This will remove all images without at least one container associated to them\.\nAre you sure you want to continue\? \[y\/N\] /,
    )
    assert.equal(rows().length, 2)
    assert.match(tinyctr(['image', 'prune', '-a'], Buffer.from('y\n')).stdout, /untagged: two:1/)
    assert.deepEqual(rows(), [])
  })
})

describe('save, load and import', () => {
  for (const format of ['docker-archive', 'oci-archive', 'oci-dir']) {
    test(`${format} comes back with names, ids and digests`, () => {
      says('tag', 'two:1', 'two:2')
      const before = says('images', '--digests', '--no-trunc')
      const path = `${folder}/saved`
      says('save', '--format', format, '-o', path, 'one', 'two')
      says('rmi', '-f', 'one:1', 'two:1', 'two:2')
      says('load', '-q', '-i', path)
      assert.equal(says('images', '--digests', '--no-trunc'), before)
    })
  }

  test('a stream, by id: an image without a name', () => {
    const id = idOf('one:1')
    const { bytes } = tinyctr(['save', short(id)])
    says('rmi', 'one:1')
    assert.equal(tinyctr(['load', '-q'], bytes).stdout, `Loaded image ID: ${id}\n`)
    assert.deepEqual(rows(), ['two:1', '<none>:<none>'])
  })

  for (const [program, suffix] of [
    ['gzip', 'gz'],
    ['xz', 'xz'],
    ['bzip2', 'bz2'],
    ['zstd', 'zst'],
  ] as const) {
    const missing = spawnSync(program, ['--version']).error !== undefined && `needs ${program}`
    test(`load and import take what ${program} packed, from a file and a stream`, { skip: missing }, () => {
      const before = says('images', '--digests', '--no-trunc')
      says('save', '-o', `${folder}/saved.tar`, 'one', 'two')
      writeFileSync(`${folder}/fs.tar`, base)
      for (const name of ['saved.tar', 'fs.tar']) {
        const packed = spawnSync(program, ['-c', `${folder}/${name}`], { maxBuffer: 1e8 }).stdout
        writeFileSync(`${folder}/${name}.${suffix}`, packed)
      }
      says('rmi', 'one:1', 'two:1')
      says('load', '-q', '-i', `${folder}/saved.tar.${suffix}`)
      assert.equal(says('images', '--digests', '--no-trunc'), before)
      says('rmi', 'one:1', 'two:1')
      assert.equal(tinyctr(['load', '-q'], readFileSync(`${folder}/saved.tar.${suffix}`)).status, 0)
      assert.equal(says('images', '--digests', '--no-trunc'), before)
      says('import', `${folder}/fs.tar.${suffix}`, 'packed:1')
      assert.equal(says('images', '--format', '{{.Size}}', 'packed'), '4B\n')

      const half = readFileSync(`${folder}/saved.tar.${suffix}`)
      const damaged = tinyctr(['load', '-q'], half.subarray(0, half.length >> 1))
      assert.equal(damaged.status, 1)
      assert.match(damaged.stderr, /^tinyctr: Cannot /)
    })
  }

  test('where nothing can be written', () => {
    fails(
      ['save', '-o', '/nonexistent/x', 'one:1'],
      'invalid output path: directory "/nonexistent" does not exist',
    )
    fails(['save', 'one:1', 'ghost'], 'No such image: ghost:latest')
    writeFileSync(`${folder}/kept`, 'old')
    assert.equal(tinyctr(['save', '-o', `${folder}/kept`, 'ghost']).status, 1)
    assert.equal(readFileSync(`${folder}/kept`, 'utf8'), 'old')
  })

  test('import: from a URL, with changes; the history says so', async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/fs.tar' ? 200 : 404
      response.end(request.url === '/fs.tar' ? base : undefined)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const run = (...args: string[]) =>
        new Promise<string>((resolve) => {
          const child = spawn(program!, [...before, '--data-root', dataRoot, ...args])
          let output = ''
          for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
          child.on('close', () => resolve(output))
        })
      assert.match(
        await run('import', '-c', 'CMD ["a"]', '-m', 'note', `${url}/fs.tar`, 'url:1'),
        /^sha256:[0-9a-f]{64}\n$/,
      )
      assert.match(await run('import', `${url}/no.tar`), /the server answered 404/)
      assert.equal(says('history', '--format', '{{.Comment}}|{{.Size}}', 'url:1'), 'note|4B\n')
      assert.equal(says('inspect', '-f', '{{.Config.Cmd}} {{.Comment}}', 'url:1'), '[a] note\n')
    } finally {
      server.close()
    }
  })
})
