/** `tinyctr port`: where a container's ports are on the host. */
import { findContainer } from '../../engine/container/list.ts'
import { StateError, UsageError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import { print } from '../screen/output.ts'
import { portsOf } from './container-rows.ts'
import { joinHostPort } from './port-list.ts'

export const port = defineCommand({
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  summary: 'List port mappings or a specific mapping for the container',
  examples: ['tinyctr port web', 'tinyctr port web 80/tcp'],
  flags: {},
  least: 1,
  most: 2,
  completes: 'containers',
  async execute({ positionals: [name = '', wanted], folders: { root, dataRoot } }) {
    const published = portsOf(findContainer(dataRoot, name), root).flatMap(
      ({ privatePort, protocol, published: at }) =>
        at === undefined
          ? []
          : [{ inside: `${privatePort}/${protocol}`, outside: joinHostPort(at.address, `${at.port}`) }],
    )
    if (wanted === undefined) {
      const lines = published.map(({ inside, outside }) => `${inside} -> ${outside}`).sort()
      if (lines.length > 0) print(lines.join('\n'))
      return 0
    }
    const [number = '', protocol = 'tcp'] = wanted.split('/')
    if (!/^\d+$/.test(number)) throw new UsageError(`Invalid port: ${wanted}`)
    const found = published.filter(({ inside }) => inside === `${number}/${protocol}`)
    if (found.length === 0)
      throw new StateError(`no public port '${number}/${protocol}' published for ${name}`)
    print(found.map(({ outside }) => outside).join('\n'))
    return 0
  },
})
