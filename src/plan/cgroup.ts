/**
 * The container's cgroup (cgroups(7), Documentation/admin-guide/cgroup-v2.rst): made, limited and opened before the
 * container exists, so that CLONE_INTO_CGROUP puts its first instruction under every limit. Writing cgroup.procs
 * instead would cost an RCU grace period.
 */

import { ConfigError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AT } from '../linux/abi/flags.ts'
import type { Config } from '../oci/runtime-spec.ts'
import { type CgroupFile, resourceFiles } from './cgroup-resources.ts'
import { deviceFilterSteps } from './device-filter.ts'
import type { Host, HostCgroup } from './host.ts'
import { call, composed, type Step, slot } from './step.ts'
import { components, normalize } from './tree.ts'

export const CGROUP = slot('cgroup')
/** Filled when the cgroup was made here: one that was there before is somebody else's, with their processes in it. */
const OWN_CGROUP = slot('own_cgroup')
/** What every container's use is counted of, where the host has it. */
const ACCOUNTED = ['cpu', 'io', 'memory', 'pids']
/** What a new cgroup has where it is not `max`: containerd asks for 1024 shares by default. */
const NEW_CGROUP: Readonly<Record<string, string>> = { 'cpu.weight': '100' }
const AT_PATH = '/linux/cgroupsPath'

/** The folder of the container's cgroup, or undefined where there is no cgroup v2 or none is asked for. */
export function cgroupFolder(config: Config, host: Host): string | undefined {
  const path = config.linux?.cgroupsPath
  if (!path || !host.cgroup) return undefined
  const folder = normalize(path)
  // Its end is everybody's end: what is left in the container's cgroup is killed and removed.
  if (folder === '/') throw new ConfigError(AT_PATH, `expected a path below / but found ${path}`)
  return `${host.cgroup.mount}${folder}`
}

/** What must be written. A new cgroup has no limits: `max` needs a controller only where there is one. */
export const requiredFiles = (config: Config, host: Host): CgroupFile[] =>
  resourceFiles(config).filter(
    ({ controller, file, text }) =>
      text !== (NEW_CGROUP[file] ?? 'max') ||
      controller === undefined ||
      host.cgroup?.controllers.includes(controller),
  )

/** @param mayExist one that was there before is used, as engines expect: they may have made it, empty */
export function cgroupSteps(config: Config, host: Host, mayExist = false): Step[] {
  const files = requiredFiles(config, host)
  const folder = cgroupFolder(config, host)
  if (!folder || !host.cgroup) {
    const limited = files[0]
    if (limited)
      throw new ConfigError(
        limited.at,
        `expected cgroup v2 to set ${limited.file}, but ${host.cgroup ? 'the config names no cgroupsPath' : 'there is none here that we may write: run as root, or have one delegated'}`,
      )
    return []
  }
  const needed = neededControllers(files, host.cgroup)
  const controllers = [
    ...new Set([...needed, ...ACCOUNTED.filter((name) => host.cgroup?.controllers.includes(name))]),
  ]
  const parts = components(folder.slice(host.cgroup.mount.length))
  const steps: Step[] = []
  let parent = host.cgroup.mount
  parts.forEach((part, depth) => {
    const own = depth === parts.length - 1
    if (controllers.length > 0) steps.push(...delegateSteps(parent, depth, controllers, needed.length > 0))
    parent = `${parent}/${part}`
    steps.push(
      call('mkdirat', [AT.FDCWD, parent, 0o755], {
        ...(own ? { into: OWN_CGROUP } : {}),
        ...(own && !mayExist ? {} : { tolerate: ['EEXIST'] }),
        why: own ? "the container's cgroup" : 'the cgroup above it',
        at: AT_PATH,
      }),
    )
  })
  return [
    ...steps,
    openFolderStep(folder),
    ...files.flatMap(limitSteps),
    ...deviceFilterSteps(config, host, CGROUP),
  ]
}

export const openFolderStep = (folder: string): Step =>
  call('openat', [AT.FDCWD, folder, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0], {
    into: CGROUP,
    why: 'clone3 and bpf take the cgroup by file descriptor',
    at: AT_PATH,
  })

export function cgroupCleanup(config: Config, host: Host): Step[] {
  const folder = cgroupFolder(config, host)
  return folder
    ? [
        composed('remove_cgroup', [folder, OWN_CGROUP], {
          why: 'what is left in the cgroup ends with it',
          at: AT_PATH,
        }),
      ]
    : []
}

/** A limit that cannot be enforced is an error, never a shrug. */
export function neededControllers(files: readonly CgroupFile[], cgroup: HostCgroup): string[] {
  const needed = new Set<string>()
  for (const { controller, file, at } of files) {
    if (controller === undefined) continue
    if (!cgroup.controllers.includes(controller)) {
      throw new ConfigError(
        at,
        cgroup.v1Controllers.includes(controller)
          ? `expected the cgroup v2 controller ${controller} for ${file}, but this host binds ${controller} to cgroup v1; boot with cgroup_no_v1=all (or systemd.unified_cgroup_hierarchy=1) to free it`
          : `the requested cgroup controller \`${controller}\` is not available: ${file} needs it, but ${cgroup.mount}/cgroup.controllers does not list it`,
      )
    }
    needed.add(controller)
  }
  return [...needed]
}

function delegateSteps(
  folder: string,
  depth: number,
  controllers: readonly string[],
  needed: boolean,
): Step[] {
  const opened = slot(`subtree_control_${depth}`)
  return [
    call('openat', [AT.FDCWD, `${folder}/cgroup.subtree_control`, O.WRONLY | O.CLOEXEC, 0], {
      into: opened,
      ...(needed ? {} : { tolerate: ['EACCES', 'EPERM', 'EROFS'] }),
      why: 'which controllers the cgroups below have',
      at: '/linux/resources',
    }),
    call('write', [opened, controllers.map((name) => `+${name}`).join(' ')], {
      // For accounting alone a start must not fail: the cgroup above may hold processes, or not be ours to change.
      ...(needed ? {} : { tolerate: ['EBUSY', 'EACCES', 'EPERM', 'ENOENT', 'EINVAL'] }),
      why: needed ? 'the limits below need them' : 'so that what the container uses is counted',
      at: '/linux/resources',
    }),
  ]
}

export function limitSteps({ file, text, at }: CgroupFile): Step[] {
  const opened = slot(file.replaceAll('.', '_'))
  return [
    call('openat', [CGROUP, file, O.WRONLY | O.CLOEXEC, 0], { into: opened, why: `the limit ${file}`, at }),
    call('write', [opened, text], { why: `${file} = ${text}`, at }),
  ]
}
