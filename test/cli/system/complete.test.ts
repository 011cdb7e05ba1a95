/** What the shells' scripts ask, answered; and the scripts themselves in the shells that are here. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))
const tsx = import.meta.resolve('tsx')
const folder = mkdtempSync(join(tmpdir(), 'tinyctr-complete-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const id = 'a'.repeat(64)
mkdirSync(join(folder, 'containers', id), { recursive: true })
mkdirSync(join(folder, 'names'))
for (const name of ['web', 'worker']) symlinkSync(id, join(folder, 'names', name))
mkdirSync(join(folder, 'volumes/data'), { recursive: true })

const tinyctr = (...args: string[]): string =>
  spawnSync(process.execPath, ['--import', tsx, main, ...args], { encoding: 'utf8' }).stdout
const words = (...typed: string[]): string[] =>
  tinyctr('__complete', '--data-root', folder, ...typed)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t')[0]!)

test('commands, groups and what is in them', () => {
  assert.ok(words('').includes('run') && words('').includes('container'))
  assert.deepEqual(words('container', 'ru'), ['run'])
  assert.deepEqual(
    words('image', 'l'),
    ['load', 'ls', 'list'].filter((word) => words('image', '').includes(word)),
  )
})

test('flags, and the values of those that name them', () => {
  assert.deepEqual(words('run', '--cap-'), ['--cap-add', '--cap-drop'])
  assert.deepEqual(words('run', '--pull', 'n'), ['never'])
  assert.deepEqual(words('run', '--pull=n'), ['--pull=never'])
  assert.deepEqual(words('run', 'alpine', '--cap-'), [':files'])
})

test('files where nothing better is known', () => {
  assert.deepEqual(words('load', '--input', ''), [':files'])
})

test('a script for each shell', () => {
  for (const shell of ['bash', 'zsh', 'fish'])
    assert.match(tinyctr('completion', shell), /tinyctr __complete/)
})

test('bash reads its script and asks', () => {
  const script = `
    tinyctr() { '${process.execPath}' --import '${tsx}' '${main}' "$@"; }
    eval "$(tinyctr completion bash)"
    COMP_WORDS=(tinyctr run --pull n) COMP_CWORD=3 COMP_LINE='tinyctr run --pull n'
    _tinyctr
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
  assert.deepEqual({ stdout, stderr }, { stdout: 'never\n', stderr: '' })
})
