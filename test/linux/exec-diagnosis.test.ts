import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { closest } from '../../src/cli/closest.ts'
import { errnoNumber } from '../../src/linux/abi/errno.ts'
import { diagnoseExecve, type FailedExecve } from '../../src/linux/exec-diagnosis.ts'
import { makeRootfs } from './exec-diagnosis-rootfs.ts'

const SCRIPT = fileURLToPath(new URL('exec-diagnosis-execve.ts', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'tinyctr-exec-'))
after(() => rmSync(root, { recursive: true }))
makeRootfs(root)

const [own, other] = process.arch === 'arm64' ? ['arm64', 'x86-64'] : ['x86-64', 'arm64']

/** What the kernel says, the exit code, and why. */
const WHY: Record<string, [errno: string, exitCode: 126 | 127, means: string]> = {
  '/bin': ['EACCES', 126, '"/bin": permission denied: it is a directory'],
  '/app/plain': [
    'EACCES',
    126,
    '"/app/plain": permission denied: user 0:0 may not execute it (mode 0644, owner 0:0)',
  ],
  '/app/bash': [
    'ENOENT',
    127,
    '"/app/bash": no such file or directory: it starts with #!/bin/bash, and the image has no /bin/bash',
  ],
  '/app/crlf': [
    'ENOENT',
    127,
    '"/app/crlf": no such file or directory: its first line ends with CR LF, so the kernel looks for the interpreter "/bin/sh\\r"',
  ],
  '/app/bom': [
    'ENOEXEC',
    126,
    '"/app/bom": exec format error: it starts with a byte order mark, so the kernel does not see its first line',
  ],
  '/app/text': ['ENOEXEC', 126, '"/app/text": exec format error: it is a text without a #! line'],
  '/app/empty': ['ENOEXEC', 126, '"/app/empty": exec format error: the file is empty'],
  '/app/nameless': ['ENOEXEC', 126, '"/app/nameless": exec format error: its #! line names no interpreter'],
  '/app/windows': ['ENOEXEC', 126, '"/app/windows": exec format error: it is a Windows program'],
  '/app/noise': ['ENOEXEC', 126, '"/app/noise": exec format error: it has no format that this kernel runs'],
  '/app/foreign': [
    'ENOEXEC',
    126,
    `"/app/foreign": exec format error: it is built for ${other}, this machine is ${own}`,
  ],
  '/app/object': [
    'ENOEXEC',
    126,
    '"/app/object": exec format error: it is an object file or a core dump, not a program',
  ],
  '/app/cut': ['ENOEXEC', 126, '"/app/cut": exec format error: the program is cut short or damaged'],
  '/app/glibc': [
    'ENOENT',
    127,
    '"/app/glibc": no such file or directory: its loader /lib64/ld-linux-test.so.2 is not in the image: it was built against glibc, and this image has musl',
  ],
  '/app/wrong-loader': [
    'ELIBBAD',
    126,
    `"/app/wrong-loader": exec format error: its loader /lib/ld-other.so.1 is not one for ${own}`,
  ],
  '/app/through-plain': [
    'EACCES',
    126,
    '"/app/through-plain" starts with #!/app/plain; "/app/plain": permission denied: user 0:0 may not execute it (mode 0644, owner 0:0)',
  ],
  '/app/relative': [
    'ENOENT',
    127,
    '"/app/relative": no such file or directory: it starts with #!app/nothing, and the image has no app/nothing',
  ],
  '/app/dangling': [
    'ENOENT',
    127,
    '"/app/dangling": no such file or directory: it is a symlink to /bin/nothing, which is not in the image',
  ],
  '/app/circle': [
    'ELOOP',
    126,
    '"/app/circle": too many levels of symbolic links: it is a symlink to circle, which leads back to it',
  ],
  '/app/deep0': [
    'ELOOP',
    126,
    '"/app/deep0" starts with #!/app/deep1; "/app/deep5": too many levels of symbolic links: it is one of too many interpreters that are scripts themselves',
  ],
  '/app/nothing': ['ENOENT', 127, '"/app/nothing": no such file or directory: the image has no /app/nothing'],
  '/app/nothing/deeper': [
    'ENOENT',
    127,
    '"/app/nothing/deeper": no such file or directory: the image has no /app/nothing',
  ],
  '/app/plain/deeper': [
    'ENOTDIR',
    127,
    '"/app/plain/deeper": no such file or directory: /app/plain is not a directory',
  ],
  '/noexec/program': ['EACCES', 126, '"/noexec/program": permission denied: it lies on a mount with noexec'],
}

const canUnshare = spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'true']).status === 0

for (const [runtime, program, options] of [
  ['Node', process.versions.bun ? 'node' : process.execPath, ['--import', 'tsx']],
  ['Bun', 'node_modules/.bin/bun', []],
] as const) {
  test(`programs that do not run, on ${runtime}`, {
    skip:
      (!canUnshare && 'needs user namespaces') ||
      (program.includes('/') && !existsSync(program) && `needs ${program}`),
  }, () => {
    const out = execFileSync(
      'unshare',
      [...['--user', '--map-root-user', '--mount'], ...[program, ...options, SCRIPT, root]],
      { encoding: 'utf8' },
    )
    const results = JSON.parse(out) as [string, string, number, string, string][]
    assert.deepEqual(
      results.map(([path, errno, exitCode, means]) => [path, [errno, exitCode, means]]),
      Object.entries(WHY),
    )
    for (const [path, , , , cure] of results) assert.notEqual(cure, '', path)
  })
}

const DEFAULT_PATH = ['/usr/local/bin', '/usr/bin', '/bin']

function diagnose(program: string, errno: string, more: Partial<FailedExecve> = {}) {
  return diagnoseExecve({
    root,
    cwd: '/',
    candidates: program.includes('/') ? [program] : DEFAULT_PATH.map((folder) => `${folder}/${program}`),
    program,
    errno: errnoNumber(errno),
    uid: 4242,
    gid: 4242,
    groups: [],
    closest,
    ...more,
  })
}

test('not in PATH: what the image has instead', () => {
  const { means, exitCode } = diagnose('bash', 'ENOENT')
  assert.equal(means, '"bash": executable file not found in $PATH (/usr/local/bin:/usr/bin:/bin)')
  assert.equal(exitCode, 127)
  assert.equal(diagnose('bash', 'ENOENT').do, 'use another shell: this image has /bin/sh')
  assert.equal(
    diagnose('ip', 'ENOENT').do,
    'name it in full, or add its folder to PATH: this image has /sbin/ip',
  )
  assert.equal(
    diagnose('ls -l', 'ENOENT').do,
    'leave the quotes out: "ls -l" is one word, and so the name of one program',
  )
  assert.equal(
    diagnose('--rm', 'ENOENT').do,
    'put --rm before the image: what follows the image is the program',
  )
  assert.equal(diagnose('hs', 'ENOENT').do, 'did you mean sh? This image has /bin/sh')
  assert.equal(diagnose('postgres', 'ENOENT').do, 'check the spelling, or install it in the image')
  assert.equal(diagnose('', 'EACCES', { candidates: ['/bin/'] }).exitCode, 126)
})

test('a path that is nearly right', () => {
  assert.equal(diagnose('/app/plian', 'ENOENT').do, 'did you mean /app/plain?')
  assert.equal(
    diagnose('./bsah', 'ENOENT', { cwd: '/app' }).means,
    '"./bsah": no such file or directory: the image has no /app/bsah',
  )
})

test('an image without anything', () => {
  const empty = join(root, 'tmp', 'empty')
  mkdirSync(empty)
  assert.equal(
    diagnose('true', 'ENOENT', { root: empty }).do,
    'this image has no programs in PATH: name the one it has by its full path',
  )
  assert.equal(
    diagnose('sh', 'ENOENT', { root: empty }).do,
    'this image has no shell: run its own program, or take an image with one',
  )
})

test('another user than root', () => {
  assert.match(
    diagnose('/app/private/program', 'EACCES').means,
    /permission denied: user 4242:4242 may not enter \/app\/private \(mode 0700, owner \d+:\d+\)$/,
  )
  // Nothing of that name is behind the closed door.
  assert.match(
    diagnose('true', 'EACCES', { candidates: ['/app/private/true', '/bin/true'] }).means,
    /executable file not found in \$PATH/,
  )
  assert.match(diagnose('/app/bash', 'ENOENT').means, /no \/bin\/bash$/)
})

test('the root is never left', () => {
  writeFileSync(join(root, '..', 'tinyctr-exec-outside'), '')
  try {
    assert.match(diagnose('/../tinyctr-exec-outside', 'ENOENT').means, /the image has no/)
  } finally {
    rmSync(join(root, '..', 'tinyctr-exec-outside'))
  }
})

test('what the errno alone says', () => {
  assert.match(diagnose('/bin/sh', 'E2BIG').means, /argument list too long/)
  assert.match(diagnose('/bin/sh', 'ETXTBSY').means, /text file busy/)
  assert.match(diagnose('/bin/sh', 'EACCES').means, /permission denied: a security module/)
  assert.match(
    diagnose('/bin/sh', 'EACCES', { root: join(root, 'nothing') }).means,
    /^"\/bin\/sh": permission denied \(its root cannot be looked at: ENOENT\)$/,
  )
})
