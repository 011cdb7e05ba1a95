/** The teacher's guide holds: its lessons are there, its steps say what it says, its commands print what it shows. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { lessons } from '../../src/lab/lessons.ts'
import { binary, skip } from '../root/tinyctr.ts'

const guide = readFileSync(join(import.meta.dirname, '../../docs/teaching.md'), 'utf8')

test('every lesson that it names is there', () => {
  const named = [...guide.matchAll(/`lab ([a-z-]+)(?: [^`]*)?`/g)].map(([, name]) => name as string)
  assert.ok(named.length > 10)
  assert.deepEqual(
    named.filter((name) => !Object.hasOwn(lessons, name) && name !== 'containers-vs-vms'),
    [],
  )
})

test('every step that it asks about makes the claim that it quotes', async () => {
  const asked = [...guide.matchAll(/^- `([a-z-]+)`, step (\d+) \(\*([^*]+)\*\)/gm)]
  assert.equal(asked.length, guide.split('\n').filter((line) => line.startsWith('- `')).length)
  for (const [, name = '', step, claim = ''] of asked) {
    const lesson = await lessons[name]!()
    assert.ok(lesson.steps[Number(step) - 1]?.claim.startsWith(claim), `${name}, step ${step}: ${claim}`)
  }
})

interface Shown {
  readonly command: string
  readonly output: readonly string[]
}

/** What is fenced as `console`: `$ command`, then lines that its output has, in that order. */
const shown: Shown[] = [...guide.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
  block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...output] = part.trimEnd().split('\n')
      return { command: command.replace(/ +# .*$/, ''), output }
    }),
)

describe('every command prints what it shows', { skip }, () => {
  const folder = mkdtempSync('/dev/shm/tinyctr-teaching-')
  after(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'bin'))
  symlinkSync(binary, join(folder, 'bin/tinyctr'))
  const prepared = (command: string): string =>
    command.replace(/^sudo (\.\/bin\/tinyctr)/, `exec $1 --root ${folder}/run --data-root ${folder}/data`)

  test('there are some', () => {
    assert.ok(shown.length > 8)
  })

  for (const { command, output } of shown) {
    test(command, async () => {
      const said = / lab view /.test(command)
        ? await untilCtrlC(prepared(command), folder)
        : (() => {
            const { stdout, stderr, error, status } = spawnSync('/bin/sh', ['-c', prepared(command)], {
              cwd: folder,
              encoding: 'utf8',
              timeout: 180_000,
            })
            assert.equal(error, undefined)
            // A lesson with a step left out fails, and says so.
            assert.equal(status, / lab .*--skip /.test(command) ? 1 : 0, stdout + stderr)
            return stdout + stderr
          })()
      let from = 0
      for (const line of output) {
        const at = said.indexOf(line, from)
        assert.ok(at >= 0, `"${line}" is not in:\n${said}`)
        from = at + line.length
      }
    })
  }
})

async function untilCtrlC(command: string, cwd: string): Promise<string> {
  const child = spawn('/bin/sh', ['-c', command], { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk
    if (said.includes('Ctrl-C')) child.kill('SIGINT')
  })
  const code = await new Promise((resolve) => child.once('exit', resolve))
  assert.equal(code, 0)
  return said
}
