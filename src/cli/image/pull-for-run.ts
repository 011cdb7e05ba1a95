/** `tinyctr pull-for-run`: the pull of a run without root, as root of a user namespace that has the ids of its files. */
import { isUnreachable } from '../../image/registry/failure.ts'
import { defineCommand } from '../command.ts'
import { runFlags } from '../run/run-flags.ts'
import { print } from '../screen/output.ts'
import { pullShown } from './pull.ts'

/** What its caller reads where it failed. */
export interface FailedPull {
  readonly message: string
  readonly unreachable: boolean
}

export const pullForRun = defineCommand({
  usage: 'NAME',
  summary: 'Pull an image whose files have many owners; run calls it',
  flags: { platform: runFlags.platform, quiet: { takes: 'nothing', short: 'q', help: 'No progress' } },
  least: 1,
  most: 1,
  mapped: true,
  hidden: true,
  async execute({ flags: { platform, quiet = false }, positionals: [name = ''], folders: { dataRoot } }) {
    try {
      const screen = process.stderr
      await pullShown(name, { platform, quiet, dataRoot, screen, quietUntilAnswered: true })
      return 0
    } catch (error) {
      const failed: FailedPull = { message: (error as Error).message, unreachable: isUnreachable(error) }
      print(JSON.stringify(failed))
      return 1
    }
  },
})
