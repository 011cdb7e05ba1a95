/** `tinyctr man FOLDER`: the manual pages of every command, for a package to ship. */
import { mkdirSync, writeFileSync } from 'node:fs'
import manifest from '../../../package.json' with { type: 'json' }
import { defineCommand } from '../command.ts'
import { globalFlags } from '../global-flags.ts'
import { print } from '../screen/output.ts'
import { commandPage, mainPage } from './man-page.ts'

export const man = defineCommand({
  usage: 'FOLDER',
  summary: 'Write the manual pages into a folder',
  examples: ['tinyctr man /usr/local/share/man/man1'],
  flags: {},
  least: 1,
  most: 1,
  async execute({ positionals: [folder = ''], visibleCommands }) {
    const commands = await visibleCommands()
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${folder}/tinyctr.1`, mainPage(commands, globalFlags, manifest.version))
    for (const [name, command] of commands) {
      const page = commandPage(name, command, manifest.version)
      writeFileSync(`${folder}/tinyctr-${name.replaceAll(' ', '-')}.1`, page)
    }
    print(`${commands.length + 1} pages in ${folder}`)
    return 0
  },
})
