/**
 * A start that was prepared before: the second of the same command line runs no JavaScript, and no change of anything it
 * was prepared from is overlooked. A JavaScript engine reserves a gigabyte of addresses, so under a limit of 200 MB
 * only native/start.c and the executor can run.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, test } from 'node:test'
import { bareEnvironment } from '../no-network.ts'
import { binary, type RunOptions, skip, tinyctrForTests } from './tinyctr.ts'

const tinyctr = tinyctrForTests()
const echo = 'echo $HOSTNAME; cat /etc/resolv.conf; ulimit -n; echo $TERM'

beforeEach(() => {
  for (const name of starts()) spawnSync('rm', [join(tinyctr.root, 'starts', name)])
})

function starts(): string[] {
  try {
    return readdirSync(join(tinyctr.root, 'starts'))
  } catch {
    return []
  }
}

/** The same command line where only native code can run. */
function nativeOnly(args: readonly string[], { cwd, env }: RunOptions = {}) {
  const script = 'ulimit -v 200000; exec "$@"'
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', script, 'sh', binary, ...tinyctr.globalFlags, ...args],
    {
      encoding: 'utf8',
      ...(cwd ? { cwd } : {}),
      ...(env ? { env: { ...bareEnvironment, ...env } } : {}),
    },
  )
  return { status, stdout, stderr }
}

const isPrepared = (args: readonly string[], options?: RunOptions): boolean =>
  nativeOnly(args, options).status === 0

test('without a prepared start the limit keeps JavaScript from running', { skip }, () => {
  assert.equal(isPrepared(tinyctr.runArguments([], ['true'])), false)
})

test('the second start of an image is the first, under an id of its own', { skip }, () => {
  const args = tinyctr.runArguments([], ['sh', '-c', echo])
  // The very first start finds no cgroup above its own; later ones do.
  tinyctr.run([], ['true'])
  const first = tinyctr.command(args)
  assert.equal(first.status, 0, first.stderr)
  const second = nativeOnly(args)
  const third = nativeOnly(args)
  assert.equal(second.status, 0, second.stderr)
  const [one, two, three] = [first, second, third].map(({ stdout }) => stdout.split('\n'))
  assert.match(two![0]!, /^[0-9a-f]{12}$/)
  assert.equal(new Set([one![0], two![0], three![0]]).size, 3)
  assert.deepEqual(two!.slice(1), one!.slice(1))
})

test('exit codes, failures and their explanation are those of any start', { skip }, () => {
  const failing = tinyctr.runArguments([], ['sh', '-c', 'exit 7'])
  assert.equal(tinyctr.command(failing).status, 7)
  assert.equal(nativeOnly(failing).status, 7)
  const missing = tinyctr.runArguments([], ['no-such-program'])
  const [first, second] = [tinyctr.command(missing), tinyctr.command(missing)]
  assert.equal(first.status, 127)
  assert.deepEqual([second.status, second.stderr], [first.status, first.stderr])
})

test('another command line, folder or variable is another start', { skip }, () => {
  const args = tinyctr.runArguments([], ['true'])
  const env = { TERM: 'vt100' }
  tinyctr.command(args, { env, cwd: '/' })
  assert.equal(isPrepared(args, { env, cwd: '/' }), true)
  assert.equal(isPrepared(args, { env: { TERM: 'xterm' }, cwd: '/' }), false)
  assert.equal(isPrepared(args, { env: { ...env, NO_COLOR: '' }, cwd: '/' }), false)
  assert.equal(isPrepared(args, { env, cwd: '/tmp' }), false)
  assert.equal(isPrepared(tinyctr.runArguments([], ['true', '']), { env, cwd: '/' }), false)
  assert.equal(isPrepared(tinyctr.runArguments(['--init'], ['true']), { env, cwd: '/' }), false)
})

test('a tag that moves to another image', { skip }, async () => {
  const name = await tinyctr.image('moving', { config: { Env: ['WHICH=one'] } })
  const args = tinyctr.runArguments([], ['sh', '-c', 'echo $WHICH'], name)
  assert.equal(tinyctr.command(args).stdout, 'one\n')
  assert.equal(nativeOnly(args).stdout, 'one\n')
  await tinyctr.image('moving', { config: { Env: ['WHICH=two'] } })
  assert.equal(isPrepared(args), false)
  assert.equal(tinyctr.command(args).stdout, 'two\n')
})

test("the caller's limit on open files", { skip }, () => {
  const args = tinyctr.runArguments([], ['sh', '-c', 'ulimit -n'])
  const limited = (soft: number): string =>
    spawnSync(
      'sh',
      ['-c', `ulimit -Sn ${soft}; "$@"; exit $?`, 'sh', binary, ...tinyctr.globalFlags, ...args],
      { encoding: 'utf8' },
    ).stdout
  assert.equal(limited(512), '512\n')
  assert.equal(limited(600), '600\n')
})

test('a folder to mount that has become a file', { skip }, () => {
  const source = join(tinyctr.folder, 'own-source')
  mkdirSync(source)
  const args = tinyctr.runArguments(['-v', `${source}:/mnt`], ['ls', '-ld', '/mnt'])
  assert.match(tinyctr.command(args).stdout, /^d/)
  writeFileSync(join(source, 'more'), '')
  assert.match(nativeOnly(args).stdout, /^d/)
  renameSync(source, `${source}.old`)
  writeFileSync(source, '')
  assert.match(tinyctr.command(args).stdout, /^-/)
})

test("values of the caller's variables are not kept, nor those of a file", { skip }, () => {
  const file = join(tinyctr.folder, 'own-env')
  writeFileSync(file, 'SECRET=hunter2\n')
  tinyctr.run(['-e', 'SECRET'], ['true'], { env: { SECRET: 'hunter2' } })
  tinyctr.run(['--env-file', file], ['true'])
  assert.deepEqual(starts(), [])
})

test('what is typed on the command line is', { skip }, () => {
  const args = tinyctr.runArguments(['-e', 'A=b'], ['sh', '-c', 'echo $A'])
  assert.equal(tinyctr.command(args).stdout, 'b\n')
  assert.equal(nativeOnly(args).stdout, 'b\n')
})

test('a container that was killed is cleaned up first', { skip }, () => {
  const args = tinyctr.runArguments([], ['true'])
  tinyctr.command(args)
  const dead = join(tinyctr.root, 'd'.repeat(64))
  mkdirSync(dead)
  writeFileSync(join(dead, 'journal'), '\n\n')
  assert.equal(isPrepared(args), false)
  assert.equal(tinyctr.command(args).status, 0)
  assert.equal(isPrepared(args), true)
})

test('a file that is not whole, or not the same question, is none', { skip }, () => {
  const args = tinyctr.runArguments([], ['true'])
  tinyctr.command(args)
  const path = join(tinyctr.root, 'starts', starts()[0]!)
  const whole = readFileSync(path)
  for (const size of [0, 3, 40, whole.length - 1]) {
    writeFileSync(path, whole)
    truncateSync(path, size)
    assert.equal(isPrepared(args), false, String(size))
  }
  const key = whole.indexOf('box:latest')
  const other = Buffer.from(whole)
  other.write('fox', key)
  writeFileSync(path, other)
  assert.equal(isPrepared(args), false)
  writeFileSync(path, whole)
  assert.equal(isPrepared(args), true)
})

function makeBundle(): string {
  const bundle = join(tinyctr.folder, 'own-bundle')
  mkdirSync(join(bundle, 'rootfs/bin'), { recursive: true })
  cpSync('/bin/busybox', join(bundle, 'rootfs/bin/echo'))
  return bundle
}

const config = (text: string): string =>
  JSON.stringify({
    ociVersion: '1.3.0',
    root: { path: 'rootfs' },
    process: { cwd: '/', args: ['/bin/echo', text], env: [] },
    linux: { namespaces: [{ type: 'pid' }, { type: 'mount' }], cgroupsPath: `${tinyctr.cgroupParent}/b` },
  })

test('a bundle whose config.json was edited in place, its time and size as before', { skip }, () => {
  const bundle = makeBundle()
  const file = join(bundle, 'config.json')
  writeFileSync(file, config('one'))
  const args = ['run', '--bundle', bundle]
  assert.equal(tinyctr.command(args).stdout, 'one\n')
  assert.equal(nativeOnly(args).stdout, 'one\n')
  const { atime, mtime } = statSync(file)
  writeFileSync(file, config('two'))
  utimesSync(file, atime, mtime)
  assert.equal(isPrepared(args), false)
  assert.equal(tinyctr.command(args).stdout, 'two\n')
})

test('ids that the caller chooses share a start when they are equally long', { skip }, () => {
  const bundle = makeBundle()
  writeFileSync(join(bundle, 'config.json'), config('three'))
  const run = (id: string): string[] => ['run', '--bundle', bundle, id]
  assert.equal(tinyctr.command(run('engine-1')).stdout, 'three\n')
  assert.equal(nativeOnly(run('engine-2')).stdout, 'three\n')
  assert.equal(isPrepared(run('engine-10')), false)
  assert.equal(isPrepared(run('engine/2')), false)
  // The id may read like anything else in the config.
  assert.equal(tinyctr.command(run('rootfs')).stdout, 'three\n')
  assert.equal(nativeOnly(run('process')).status === 0, false)
  assert.equal(nativeOnly(run('cgroup')).stdout, 'three\n')
})

test('an id that is taken is refused, prepared or not', { skip }, () => {
  const bundle = makeBundle()
  writeFileSync(join(bundle, 'config.json'), config('four'))
  const args = ['run', '--bundle', bundle, 'taken-id']
  assert.equal(tinyctr.command(args).status, 0)
  const child = tinyctr.start(tinyctr.runArguments(['-i'], ['cat']))
  const folder = join(tinyctr.root, 'taken-id')
  mkdirSync(folder)
  const held = spawnSync('flock', ['-n', folder, binary, ...tinyctr.globalFlags, ...args], {
    encoding: 'utf8',
  })
  spawnSync('rmdir', [folder])
  child.stdin!.end()
  assert.equal(held.status, 125)
  assert.match(held.stderr, /a container with the ID taken-id exists already/)
  return new Promise<void>((resolve) => {
    child.on('exit', () => resolve())
  })
})
