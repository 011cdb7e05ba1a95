/** `tinyctr lab view`. */
import { defineCommand } from '../command.ts'
import type { Invocation } from '../invocation.ts'
import { print } from '../screen/output.ts'

export const labView = defineCommand({
  usage: '[CONTAINER|PID]',
  summary: 'Show namespaces, control groups, layers and rights on a live page',
  flags: {},
  least: 0,
  most: 1,
  execute: show,
})

/** Until Ctrl-C. */
async function show({ positionals: [word], folders }: Invocation<Record<never, never>>): Promise<number> {
  const [{ serveView }, { findSubject, runningContainers }] = await Promise.all([
    import('../../lab/view/server.ts'),
    import('../../lab/view/find-subject.ts'),
  ])
  const { dataRoot } = folders
  const subject = word === undefined ? undefined : findSubject(dataRoot, word)
  const view = await serveView(subject, () => runningContainers(dataRoot))
  // Before the address is out: whoever reads it may be quick.
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })
  print(`${view.url}\nOpen it in a browser on this host; Ctrl-C ends it.`)
  await ended
  view.close()
  return 0
}
