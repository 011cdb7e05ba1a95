/** `tinyctr version` and `tinyctr --version`. */
import manifest from '../../package.json' with { type: 'json' }
import { formatPlatform, hostPlatform } from '../image/platform.ts'
import { defineCommand } from './command.ts'
import { print } from './output.ts'

export function printVersion(): number {
  print(`tinyctr version ${manifest.version}`)
  return 0
}

export const version = defineCommand({
  usage: '',
  summary: 'Show what is running here',
  flags: {},
  least: 0,
  most: 0,
  execute: printRows,
})

async function printRows(): Promise<number> {
  const { release } = await import('node:os')
  const { bun } = process.versions
  const rows = [
    ['Version:', manifest.version],
    ['OS/Arch:', formatPlatform(hostPlatform())],
    ['Kernel:', release()],
    ['OCI runtime spec:', '1.3.0'],
    ['JavaScript:', bun === undefined ? `Node.js ${process.versions.node}` : `Bun ${bun}`],
  ]
  print(rows.map(([name = '', value]) => `${name.padEnd(18)}${value}`).join('\n'))
  return 0
}
