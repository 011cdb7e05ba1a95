/**
 * load, run, tag, rmi and prune at once, and SIGKILL to any of them at any moment: whatever is visible afterwards is
 * whole, nothing is left behind, and what has a name can be started. The seed is printed; TINYCTR_SEED repeats it.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Entry } from '../../rootfs-fixtures/registry/hard-layers.ts'
import { addImage } from './image.ts'
import { binary, skip, Tinyctr } from './tinyctr.ts'

const seconds = Number(process.env.TINYCTR_CHAOS_SECONDS ?? 10)
const seed = Number(process.env.TINYCTR_SEED ?? Date.now() % 1_000_000)
const images = 3
const filesEach = 300

/** xorshift32: the same seed, the same commands in the same order. */
function random(start: number): (below: number) => number {
  let state = start || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

const name = (at: number): string => `localhost/chaos${at}:latest`
const count = 'ls /many | wc -l'

async function layouts(folder: string): Promise<void> {
  for (let at = 0; at < images; at++) {
    const many = Array.from(
      { length: filesEach },
      (_, file): Entry => ({ name: `many/${file}`, content: `${at}` }),
    )
    const entries: Entry[] = [{ name: 'many/', type: 'directory', mode: 0o755 }, ...many]
    await addImage(join(folder, `layout${at}`), name(at), { entries })
  }
}

/** What a command may end with when others do their work: an image that is not there, or no longer. */
const expected =
  /No such image|--pull never|another command is using the images|in use|is being used|is using its referenced|must be forced|no such file|ENOENT|not unpacked|removed while/

test('anything at once, killed at any moment', { skip }, async (t) => {
  t.diagnostic(`TINYCTR_SEED=${seed}`)
  const tinyctr = new Tinyctr()
  t.after(() => tinyctr.remove())
  mkdirSync(tinyctr.folder, { recursive: true })
  await layouts(tinyctr.folder)
  const below = random(seed)
  // A container whose changes are committed, of an image that is taken from under it again and again.
  assert.equal(tinyctr.command(['load', '-q', '-i', join(tinyctr.folder, 'layout0')]).status, 0)
  const keep = [
    'run',
    '--name',
    'kept',
    '--cgroup-parent',
    tinyctr.cgroupParent,
    name(0),
    'sh',
    '-c',
    'rm -r /many/1; echo x >/x',
  ]
  assert.equal(tinyctr.command(keep).status, 0)
  assert.equal(tinyctr.command(['export', '-o', join(tinyctr.folder, 'import.tar'), 'kept']).status, 0)
  const running = new Set<ChildProcess>()
  const problems: string[] = []
  let started = 0
  let killed = 0

  const commands: (() => readonly string[])[] = [
    () => ['load', '-q', '-i', join(tinyctr.folder, `layout${below(images)}`)],
    () => ['load', '-q', '-i', join(tinyctr.folder, `layout${below(images)}`)],
    () => [
      'run',
      '--pull',
      'never',
      '--rm',
      '--cgroup-parent',
      tinyctr.cgroupParent,
      name(below(images)),
      'sh',
      '-c',
      count,
    ],
    () => [
      'run',
      '--pull',
      'never',
      '--rm',
      '--cgroup-parent',
      tinyctr.cgroupParent,
      name(below(images)),
      'sh',
      '-c',
      count,
    ],
    () => ['tag', name(below(images)), `localhost/other:${below(4)}`],
    () => [
      'rmi',
      ...(below(2) === 0 ? ['-f'] : []),
      below(2) === 0 ? name(below(images)) : `localhost/other:${below(4)}`,
    ],
    () => ['image', 'prune', '-f', ...(below(3) === 0 ? ['-a'] : [])],
    () => ['images'],
    () => ['import', join(tinyctr.folder, 'import.tar'), `localhost/other:${below(4)}`],
    () => ['commit', 'kept', `localhost/other:${below(4)}`],
    () => ['save', '-o', join(tinyctr.folder, `saved${below(2)}.tar`), name(below(images))],
  ]
  const start = (): Promise<void> =>
    new Promise((resolve) => {
      const args = commands[below(commands.length)]!()
      const child = spawn(binary, [...tinyctr.globalFlags, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
      let [stdout, stderr] = ['', '']
      child.stdout.on('data', (text) => (stdout += text))
      child.stderr.on('data', (text) => (stderr += text))
      running.add(child)
      started++
      if (below(4) === 0) setTimeout(() => child.kill('SIGKILL') && killed++, below(80))
      child.on('close', (status, signal) => {
        running.delete(child)
        const what = `${args.join(' ')}: ${status ?? signal}\n${stdout}${stderr}`
        if (status === 0 && args[0] === 'run' && stdout.trim() !== String(filesEach)) problems.push(what)
        if (status !== 0 && signal === null && !expected.test(stderr)) problems.push(what)
        resolve()
      })
    })
  const until = Date.now() + seconds * 1000
  const worker = async () => {
    while (Date.now() < until && problems.length === 0) await start()
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  assert.deepEqual(problems, [])
  assert.ok(killed > 5, `only ${killed} of ${started} were killed`)
  t.diagnostic(`${started} commands, ${killed} killed`)

  // What the killed left is swept by whoever comes next; what a killed start left, by the next start.
  assert.equal(tinyctr.command(['images', '-q']).status, 0)
  checkStore(tinyctr.dataRoot)
  for (const { reference } of namesOf(tinyctr.dataRoot)) {
    if (/^sha256:/.test(reference)) continue
    const ran = tinyctr.run(['--pull', 'never'], ['sh', '-c', count], { image: reference })
    assert.deepEqual({ status: ran.status, stderr: ran.stderr }, { status: 0, stderr: '' })
    // What was committed or imported has one less.
    const isOther = reference.includes('/other:')
    const whole = isOther ? [filesEach, filesEach - 1] : [filesEach]
    assert.ok(whole.includes(Number(ran.stdout)), `${reference} has ${ran.stdout}`)
  }
  // The container that was kept all the time still has its image, whatever names went.
  const exported = join(tinyctr.folder, 'exported.tar')
  assert.equal(tinyctr.command(['export', '-o', exported, 'kept']).status, 0)
  const list = spawnSync('tar', ['-tf', exported], { encoding: 'utf8' }).stdout
  assert.equal(list.split('\n').filter((path) => /^many\/./.test(path)).length, filesEach - 1)
  assert.equal(tinyctr.command(['rm', 'kept']).status, 0)
  rmSync(join(tinyctr.dataRoot, 'containers'), { recursive: true, force: true })
  assert.equal(tinyctr.command(['image', 'prune', '-af']).status, 0)
  for (const folder of ['blobs/sha256', 'layers', 'l', 'tmp', 'partial'])
    assert.deepEqual(readdirSync(join(tinyctr.dataRoot, folder)), [], folder)
})

const namesOf = (dataRoot: string): { reference: string; digest: string }[] =>
  JSON.parse(readFileSync(join(dataRoot, 'index.json'), 'utf8')).manifests.map(
    ({ digest, annotations }: { digest: string; annotations: Record<string, string> }) => ({
      digest,
      reference: annotations['io.containerd.image.name']!,
    }),
  )

/** Every blob is what its name says, every layer has all its files, every name has all its blobs. */
function checkStore(dataRoot: string): void {
  const blobs = join(dataRoot, 'blobs/sha256')
  for (const hex of readdirSync(blobs)) {
    assert.equal(
      createHash('sha256')
        .update(readFileSync(join(blobs, hex)))
        .digest('hex'),
      hex,
    )
  }
  for (const hex of readdirSync(join(dataRoot, 'layers'))) {
    const diff = join(dataRoot, 'layers', hex, 'diff')
    const names = readdirSync(diff)
    if (!names.includes('many')) assert.ok(names.includes('bin'), `layer ${hex} has ${names}`)
    // Whole; what was committed, a whiteout alone; what was imported, one less.
    const whole = names.includes('x') ? [1, filesEach - 1] : [filesEach]
    const many = names.includes('many') ? readdirSync(join(diff, 'many')).length : filesEach
    assert.ok(whole.includes(many), `layer ${hex} has ${many} files in many/, and ${names}`)
  }
  for (const { digest, reference } of namesOf(dataRoot)) {
    const { config, layers } = JSON.parse(readFileSync(join(blobs, digest.slice(7)), 'utf8'))
    for (const blob of [config, ...layers])
      assert.ok(readdirSync(blobs).includes(blob.digest.slice(7)), `${reference} lacks ${blob.digest}`)
  }
  assert.deepEqual(readdirSync(join(dataRoot, 'tmp')), [])
}
