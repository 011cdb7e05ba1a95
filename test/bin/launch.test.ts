/** bin/tinyctr and bin/tinyctr-runtime: when they build, what they run. In a tree of stubs: no compiler runs. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'

const stub = (text: string) => ({ text: `#!/bin/sh\n${text}\n`, options: { mode: 0o755 } })
let tree: string

function write(path: string, text: string, options: { mode: number } = { mode: 0o644 }): void {
  mkdirSync(join(tree, path, '..'), { recursive: true })
  writeFileSync(join(tree, path), text, options)
}

/** Dates a file `seconds` from now. */
function date(path: string, seconds: number): void {
  const time = Date.now() / 1000 + seconds
  utimesSync(join(tree, path), time, time)
}

function launch(path: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(path, args, { encoding: 'utf8', input: 'input\n' })
  return { status, stdout, stderr }
}

describe('the launchers', () => {
  beforeEach(() => {
    tree = mkdtempSync(join(tmpdir(), 'tinyctr-launch-'))
    cpSync('bin', join(tree, 'bin'), { recursive: true })
    const build = stub('echo building >&2')
    write('bin/build', build.text, build.options)
    const program = stub('echo "$(basename "$0")" "$@"; cat')
    for (const name of ['tinyctr', 'tinyctr-runtime']) write(`build/${name}`, program.text, program.options)
    for (const path of ['src/plan/seccomp/bpf.ts', 'src/errors.ts', 'native/executor.c', 'package-lock.json'])
      write(path, '')
    mkdirSync(join(tree, 'build/native'))
    execFileSync('make', [
      '-s',
      '-C',
      'native',
      `OUT=${join(tree, 'build/native')}`,
      join(tree, 'build/native/fresh'),
    ])
    writeFileSync(join(tree, 'build/sources'), execFileSync(join(tree, 'bin/sources')))
    for (const name of ['tinyctr', 'tinyctr-runtime']) date(`build/${name}`, 60)
  })
  afterEach(() => rmSync(tree, { recursive: true, force: true }))

  test('run what is built with its arguments and input, each under its own name', () => {
    for (const name of ['tinyctr', 'tinyctr-runtime']) {
      const { status, stdout, stderr } = launch(join(tree, 'bin', name), 'run', 'a b')
      assert.deepEqual(
        { status, stdout, stderr },
        { status: 0, stdout: `${name} run a b\ninput\n`, stderr: '' },
      )
    }
  })

  test('work through links to links, as `docker` on the PATH', () => {
    symlinkSync(join(tree, 'bin/tinyctr'), join(tree, 'one'))
    symlinkSync('one', join(tree, 'docker'))
    assert.equal(launch(join(tree, 'docker'), 'ps').stdout, 'tinyctr ps\ninput\n')
  })

  for (const path of [
    'src/plan/seccomp/bpf.ts',
    'src/errors.ts',
    'src/plan',
    'native/executor.c',
    'package-lock.json',
  ]) {
    test(`build first when ${path} is newer`, () => {
      date(path, 120)
      const { stdout, stderr } = launch(join(tree, 'bin/tinyctr'), 'ps')
      assert.deepEqual({ stdout, stderr }, { stdout: 'tinyctr ps\ninput\n', stderr: 'building\n' })
    })
  }

  test('build first when a source is gone, or a new one has come', () => {
    rmSync(join(tree, 'src/errors.ts'))
    assert.equal(launch(join(tree, 'bin/tinyctr'), 'ps').stderr, 'building\n')
    write('src/errors.ts', '')
    assert.equal(launch(join(tree, 'bin/tinyctr'), 'ps').stderr, '')
    write('src/plan/new.ts', '')
    date('src/plan', 120)
    assert.equal(launch(join(tree, 'bin/tinyctr'), 'ps').stderr, 'building\n')
  })

  test('say why and run nothing when the build fails', () => {
    rmSync(join(tree, 'build/tinyctr-runtime'))
    const failing = stub('echo "tinyctr: Cannot build: gcc is missing" >&2; exit 1')
    write('bin/build', failing.text, failing.options)
    const docker = launch(join(tree, 'bin/tinyctr'), 'ps')
    assert.deepEqual(docker, { status: 125, stdout: '', stderr: 'tinyctr: Cannot build: gcc is missing\n' })
    assert.equal(launch(join(tree, 'bin/tinyctr-runtime'), 'state').status, 1)
  })
})
