/**
 * Docker's groups: `container run` is `run`, `image ls` is `images`. A command that only a group has (`volume ls`) is a
 * row of commands.ts; what is only another spelling of one stands here. Read at every start: plain text, split on demand.
 */

interface Group {
  readonly summary: string
  /** Commands that stand alone too, with spaces between. */
  readonly shares: string
  /** Other words behind the group, and the commands that they mean. */
  readonly aliases: Readonly<Record<string, string>>
}

export const groups: Readonly<Record<string, Group>> = {
  container: {
    summary: 'Manage containers',
    shares:
      'attach commit cp create diff exec export kill logs pause port rename restart rm run start stats stop top unpause update wait',
    aliases: { ls: 'ps', list: 'ps', ps: 'ps', remove: 'rm' },
  },
  image: {
    summary: 'Manage images',
    shares: 'history import load pull push save tag',
    aliases: { ls: 'images', rm: 'rmi', list: 'images', remove: 'rmi' },
  },
  manifest: { summary: 'Look at image manifests', shares: '', aliases: {} },
  network: { summary: 'Manage networks', shares: '', aliases: { list: 'network ls', remove: 'network rm' } },
  system: { summary: 'Manage tinyctr', shares: 'events info', aliases: {} },
  volume: { summary: 'Manage volumes', shares: '', aliases: { list: 'volume ls', remove: 'volume rm' } },
}

/** The command that `GROUP VERB` is another spelling of. */
export function commandSpelled(group: string, verb: string): string | undefined {
  if (!Object.hasOwn(groups, group)) return undefined
  const { shares, aliases } = groups[group]!
  if (Object.hasOwn(aliases, verb)) return aliases[verb]
  return verb !== '' && shares.split(' ').includes(verb) ? verb : undefined
}

/** What may stand behind the group, and the command that each means. */
export const groupVerbs = (group: string): Record<string, string> => {
  const { shares, aliases } = groups[group]!
  const shared = shares === '' ? [] : shares.split(' ').map((verb): [string, string] => [verb, verb])
  return { ...Object.fromEntries(shared), ...aliases }
}
