/**
 * The order of `config.mounts`: as listed (runtime-spec config.md, "Mounts"), which is what mountinfo shows.
 *
 * /proc alone waits, when a mount after it is looked for in the image: a symlink there could lead that mount onto /proc
 * (CVE-2019-19921). It keeps its place in the list, since a mount that moves stays where it is in mountinfo.
 */
import type { Config } from '../oci/runtime-spec.ts'
import { type MountContext, mountSteps } from './mounts.ts'
import type { Step } from './step.ts'
import { NEVER_SYMLINKS, normalize } from './tree.ts'

const PROC = '/proc'

export function orderedMountSteps(config: Config, context: MountContext): Step[] {
  const mounts = (config.mounts ?? []).map((mount, index) => {
    const path = normalize(mount.destination)
    return { path, steps: () => mountSteps(mount, index, context) }
  })
  const inProc = mounts.filter(({ path }) => path.startsWith(`${PROC}/`))
  const others = mounts.filter((one) => !inProc.includes(one))
  const paths = others.map(({ path }) => path)
  if (paths.slice(paths.indexOf(PROC)).some((path) => isFoundInImage(path, paths))) context.tree.park(PROC)
  return [
    ...others.flatMap(({ steps }) => steps()),
    ...context.tree.unpark(),
    ...inProc.flatMap(({ steps }) => steps()),
  ]
}

/** Not on the way of an earlier mount, where whoever made that mount decides what is there. */
const isFoundInImage = (path: string, paths: readonly string[]): boolean =>
  !NEVER_SYMLINKS.has(path) &&
  !paths.slice(0, paths.indexOf(path)).some((earlier) => path.startsWith(`${earlier}/`))
