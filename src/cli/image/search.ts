/** `tinyctr search`: not done, and why. The distribution API has no search; Docker Hub's is an API of its own. */
import { RegistryError } from '../../errors.ts'
import { defineCommand } from '../command.ts'

export const search = defineCommand({
  usage: 'TERM',
  summary: 'Search Docker Hub for images (not supported)',
  flags: {},
  least: 1,
  most: 1,
  hidden: true,
  async execute({ positionals: [term = ''] }) {
    const page = `https://hub.docker.com/search?q=${encodeURIComponent(term)}`
    throw new RegistryError(
      `Cannot search for ${term}: registries have no search that tinyctr could ask; see ${page}`,
    )
  },
})
