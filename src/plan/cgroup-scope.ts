/**
 * A cgroup that systemd has made around us (src/runtime/systemd): the container is born in it because we are in it, and
 * then we leave. CLONE_INTO_CGROUP would need a scope that is there before the container, and systemd removes an empty one.
 */
import { ConfigError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AT } from '../linux/abi/flags.ts'
import type { Config } from '../oci/runtime-spec.ts'
import {
  CGROUP,
  cgroupFolder,
  limitSteps,
  neededControllers,
  openFolderStep,
  requiredFiles,
} from './cgroup.ts'
import { deviceFilterSteps } from './device-filter.ts'
import type { Host } from './host.ts'
import { barrier, call, composed, type Step, slot } from './step.ts'

const LEFT = 8
const at = '--systemd-cgroup'
/** Filled when we are out of it: as long as we are in it, it must not be killed. */
const OUTSIDE = slot('outside')

/** Would let nobody be born: written when the container is there. */
const COUNTED = 'pids.max'

/** Host, before the container. systemd sets most limits too, but not all, and not before it has time. */
export function scopeSteps(config: Config, host: Host): Step[] {
  const folder = cgroupFolder(config, host)
  if (folder === undefined || !host.cgroup)
    throw new ConfigError(at, 'expected cgroup v2, but there is none here that we may write')
  const files = requiredFiles(config, host)
  neededControllers(files, host.cgroup)
  return [
    openFolderStep(folder),
    ...files.flatMap((one) => limitSteps(one.file === COUNTED ? { ...one, text: 'max' } : one)),
    ...deviceFilterSteps(config, host, CGROUP),
  ]
}

/** All limits at once, of a container that runs. */
export const scopeLimitSteps = (config: Config, host: Host): Step[] => {
  const folder = cgroupFolder(config, host)
  return folder === undefined
    ? []
    : [openFolderStep(folder), ...requiredFiles(config, host).flatMap(limitSteps)]
}

/** Host, right after the container was born. `home`: the folder of the cgroup that we were in. */
export function leaveScopeSteps(config: Config, host: Host, home: string): Step[] {
  const counted = requiredFiles(config, host).filter(({ file }) => file === COUNTED)
  return [
    ...goHome(home),
    ...counted.flatMap(limitSteps),
    barrier(LEFT, 'signal', 'the container is alone in its cgroup'),
  ]
}

/** The container's first step. */
export const awaitScopeStep = (): Step =>
  barrier(LEFT, 'wait', 'until its cgroup is its own, and all limits hold')

/**
 * Nothing is left of a container that has process ids of its own, and systemd removes the cgroup. We do not: one that is
 * removed as soon as it is empty takes the notice of that with it (kernfs), and systemd would believe in it for ever.
 */
export function scopeCleanup(config: Config, host: Host, home: string): Step[] {
  const folder = cgroupFolder(config, host)
  if (folder === undefined) return []
  if (config.linux?.namespaces?.some(({ type, path }) => type === 'pid' && !path)) return goHome(home)
  return [
    ...goHome(home),
    composed('remove_cgroup', [folder, OUTSIDE], { why: 'what is left in the cgroup ends with it', at }),
  ]
}

function goHome(home: string): Step[] {
  const procs = slot('home_procs')
  // Without root it may not be ours to go back to; systemd ends the scope with the container either way.
  const tolerate = ['EACCES', 'EPERM', 'ENOENT', 'ENODEV', 'EBUSY']
  return [
    call('openat', [AT.FDCWD, `${home}/cgroup.procs`, O.WRONLY | O.CLOEXEC, 0], {
      into: procs,
      tolerate,
      why: 'the cgroup that we come from',
      at,
    }),
    call('write', [procs, '0'], { into: OUTSIDE, tolerate, why: 'is ours again', at }),
  ]
}
