/** `tinyctr logout`: forgets a login wherever `login`, docker and podman keep it. */
import { removeCredentials } from '../../image/registry/credentials.ts'
import { registryDomain } from '../../image/registry/login.ts'
import { defineCommand } from '../command.ts'
import { print } from '../screen/output.ts'

export const logout = defineCommand({
  usage: '[SERVER]',
  summary: 'Log out from a registry',
  flags: {},
  least: 0,
  most: 1,
  async execute({ positionals: [server = ''] }) {
    const domain = registryDomain(server)
    const wasThere = await removeCredentials(domain)
    print(wasThere ? `Removing login credentials for ${domain}` : `Not logged in to ${domain}`)
    return 0
  },
})
