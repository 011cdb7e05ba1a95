/** The environment of a container's first process, in Docker's order (moby container/env.go). */

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const nameOf = (variable: string): string => variable.split('=', 1)[0]!

/**
 * PATH, HOSTNAME and (with a terminal) TERM first, where the user or the image replaces them in place; then the user's
 * variables, then those of the image that the user did not set; HOME last, if nobody set it. A bare NAME removes.
 */
export function containerEnvironment(from: {
  image: readonly string[]
  user: readonly string[]
  hostname: string
  terminal: boolean
  home: string
}): string[] {
  const set = new Map<string, string>()
  const assign = (variable: string): void => {
    const name = nameOf(variable)
    if (name === variable) set.delete(name)
    else set.set(name, variable)
  }
  assign(defaultPath)
  assign(`HOSTNAME=${from.hostname}`)
  if (from.terminal) assign('TERM=xterm')

  const chosen = new Set(from.user.map(nameOf))
  for (const variable of from.user) assign(variable)
  for (const variable of from.image) if (!chosen.has(nameOf(variable))) assign(variable)
  // runc treats an empty HOME as none.
  if ((set.get('HOME') ?? 'HOME=') === 'HOME=') assign(`HOME=${from.home}`)
  return [...set.values()]
}
