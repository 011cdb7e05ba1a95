/** `tinyctr-runtime spec`. */
import { StateError } from '../../errors.ts'
import { fileType, writeFileAtomically } from '../../linux/file.ts'
import { exampleConfig } from '../../runtime/example-config.ts'
import { runtimeCommand } from './command.ts'

export const spec = runtimeCommand({
  usage: '[OPTIONS]',
  summary: 'Write an example of config.json',
  flags: {
    bundle: { takes: 'one', short: 'b', value: 'DIR', help: 'Where (default: the current folder)' },
    rootless: { takes: 'nothing', help: 'For somebody who is not root' },
  },
  least: 0,
  most: 0,
  async execute({ flags }) {
    const path = `${flags.bundle ?? '.'}/config.json`
    if (fileType(path) !== undefined) throw new StateError(`File config.json exists. Remove it first`)
    const ids = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
    writeFileAtomically(
      path,
      `${JSON.stringify(exampleConfig(flags.rootless ? ids : undefined), undefined, '\t')}\n`,
      0o666,
    )
    return 0
  },
})
