/** `tinyctr network reload` (podman's word): what a firewall that was loaded anew took away comes back. */
import { findContainer } from '../../engine/container/list.ts'
import { restoreFirewall } from '../../engine/network/restore-firewall.ts'
import { sweep } from '../../engine/sweep.ts'
import { UsageError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import { print } from '../screen/output.ts'

export const networkReload = defineCommand({
  usage: '[OPTIONS] [CONTAINER...]',
  summary: 'Make rules and published ports of running containers anew, after a firewall was loaded',
  examples: ['tinyctr network reload --all'],
  flags: { all: { takes: 'nothing', short: 'a', help: 'Those of every container' } },
  least: 0,
  completes: 'containers',
  async execute({ flags: { all = false }, positionals, folders }) {
    if (all === positionals.length > 0)
      throw new UsageError(all ? '--all cannot be used with containers' : 'name a container, or say --all')
    const wanted = new Set(positionals.map((word) => findContainer(folders.dataRoot, word).id))
    await sweep(folders.root)
    for (const id of restoreFirewall(folders)) if (all || wanted.has(id)) print(id)
    return 0
  },
})
