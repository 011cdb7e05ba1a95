/** Every command has a page, and no page has anything that roff complains of. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { visibleCommands } from '../../../src/cli/commands.ts'
import { flagRows } from '../../../src/cli/flag.ts'
import { globalFlags } from '../../../src/cli/global-flags.ts'
import { commandPage, mainPage } from '../../../src/cli/system/man-page.ts'

test('a page for each command, with each of its flags', async () => {
  for (const [name, command] of await visibleCommands()) {
    const page = commandPage(name, command, '1.2.3')
    assert.match(page, /^\.TH TINYCTR-\S+ 1 "" "tinyctr 1\.2\.3" "tinyctr"\n\.SH NAME\n/)
    for (const [flag, { hidden = false }] of flagRows(command.flags)) {
      const spelled = `\\fB\\-\\-${flag.replaceAll('-', '\\-')}\\fR`
      assert.equal(page.includes(spelled), !hidden, `${name} --${flag}`)
    }
    for (const line of page.split('\n')) assert.doesNotMatch(line, /^'|^\.(?!TH|SH|TP|PP|EX|EE|BR)/, line)
  }
})

test('groff takes them all', async (t) => {
  if (spawnSync('groff', ['--version']).error) return t.skip('groff is not here')
  const commands = await visibleCommands()
  const pages = [
    mainPage(commands, globalFlags, '1'),
    ...commands.map(([name, command]) => commandPage(name, command, '1')),
  ]
  for (const page of pages) {
    const { stderr, stdout } = spawnSync('groff', ['-man', '-Tutf8', '-ww'], {
      input: page,
      encoding: 'utf8',
    })
    assert.equal(stderr, '', page.slice(0, 40))
    assert.match(stdout.replaceAll(/.\x08/g, ''), /\nNAME\n/)
  }
})

test('the pages are written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinyctr-man-'))
  try {
    const main = new URL('../../../src/cli/main.ts', import.meta.url).pathname
    const { status, stdout } = spawnSync(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), main, 'man', folder],
      {
        encoding: 'utf8',
      },
    )
    assert.equal(status, 0)
    const files = readdirSync(folder)
    assert.equal(stdout, `${files.length} pages in ${folder}\n`)
    assert.match(
      readFileSync(join(folder, 'tinyctr-volume-ls.1'), 'utf8'),
      /\\fBtinyctr volume ls\\fR \[OPTIONS\]/,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
