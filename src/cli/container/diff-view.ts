/** `tinyctr diff-view`. */
import { defineCommand } from '../command.ts'
import type { Invocation } from '../invocation.ts'
import { print } from '../screen/output.ts'

export const diffView = defineCommand({
  usage: 'CONTAINER|PID',
  summary: 'Compare a running container with the host: namespaces, rights, limits, mounts',
  flags: {},
  least: 1,
  most: 1,
  execute: compare,
})

async function compare({
  positionals: [word = ''],
  folders,
}: Invocation<Record<never, never>>): Promise<number> {
  const [{ printDifference }, { findSubject }] = await Promise.all([
    import('../../lab/view/diff.ts'),
    import('../../lab/view/find-subject.ts'),
  ])
  print(printDifference(findSubject(folders.dataRoot, word).pid, process.stdout.columns ?? 80))
  return 0
}
