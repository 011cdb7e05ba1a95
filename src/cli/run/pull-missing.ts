/** The pull of a run whose image is not there. */

import type { ContainerFolders } from '../../engine/container/record.ts'
import type { PullImage } from '../../engine/image/find-image.ts'
import type { FailedPull } from '../image/pull-for-run.ts'

/** Shown on standard error, from the moment on that a registry answers. */
export const pullMissing =
  (folders: ContainerFolders, quiet: boolean): PullImage =>
  async (name, platform) => {
    if (process.geteuid?.() !== 0) {
      const { mayMapIds } = await import('../../engine/mapped.ts')
      if (await mayMapIds()) return pullAsMapped(folders, quiet, name, platform)
    }
    const { pullShown } = await import('../image/pull.ts')
    const { dataRoot } = folders
    await pullShown(name, { platform, quiet, dataRoot, screen: process.stderr, quietUntilAnswered: true })
  }

/** Files of the image belong to ids that only a user namespace has. @throws NetworkError */
async function pullAsMapped(
  { root, dataRoot }: ContainerFolders,
  quiet: boolean,
  name: string,
  platform: string | undefined,
): Promise<void> {
  const [{ spawnSync }, { ownCommand }] = await Promise.all([
    import('node:child_process'),
    import('../../runtime/own-command.ts'),
  ])
  const [program = '', ...own] = ownCommand('--root')
  const flags = [...(quiet ? ['--quiet'] : []), ...(platform === undefined ? [] : ['--platform', platform])]
  const { status, stdout } = spawnSync(
    program,
    [...own, root, '--data-root', dataRoot, 'pull-for-run', ...flags, name],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  )
  if (status === 0) return
  const { NetworkError } = await import('../../image/registry/failure.ts')
  const { message, unreachable } = failureOf(stdout) ?? {
    message: `Cannot pull ${name}: newuidmap(1) does not map the ids of /etc/subuid and /etc/subgid`,
    unreachable: false,
  }
  throw new NetworkError(message, { unreachable })
}

/** Undefined where it did not come so far. */
function failureOf(text: string): FailedPull | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
