/**
 * What the README shows is what happens: each `console` block is run, and what it prints must hold every line shown.
 * `...` stands for whatever is left out.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import '../no-network.ts'

const root = new URL('../..', import.meta.url).pathname
const program = join(root, 'build/tinyctr')
const skip =
  process.getuid!() !== 0 ? 'needs root' : !existsSync(program) && 'needs build/tinyctr: run bin/build'
const folder = mkdtempSync('/dev/shm/tinyctr-readme-')
after(() => rmSync(folder, { recursive: true, force: true }))

const blocks = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/```console\n([\s\S]*?)```/g)].map(
  ([, text]) => (text as string).trimEnd().split('\n'),
)

for (const [command = '', ...shown] of blocks) {
  test(command, { skip }, () => {
    assert.match(command, /^\$ \.\/bin\/tinyctr /)
    const line = command
      .slice('$ '.length)
      .replaceAll('./bin/tinyctr', `${program} --root ${folder}/state --data-root ${folder}/data`)
    const { stdout, stderr } = spawnSync('sh', ['-c', line], { cwd: root, encoding: 'utf8' })
    const printed = stdout + stderr
    for (const part of shown.flatMap((text) => text.split('...'))) {
      assert.ok(printed.includes(part.trim()), `"${part.trim()}" is not in:\n${printed}`)
    }
  })
}

test('there is something to show', () => assert.ok(blocks.length >= 3))
