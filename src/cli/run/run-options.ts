/** From the flags of `run` and `plan` to what is asked for: pure, but for the texts of files that the caller has read. */
import {
  type Environment,
  expandVariable,
  parseEnvFile,
  parseLabelFile,
} from '../../engine/config/env-file.ts'
import { checkResources } from '../../engine/config/resources.ts'
import { isIpcSysctl, isNetworkSysctl } from '../../engine/config/sysctl-flag.ts'
import {
  type BundleOptions,
  defaultShmSizeBytes,
  type LabOptions,
  type RunOptions,
  type RunRequest,
  type SecurityOptions,
} from '../../engine/run-options.ts'
import { UsageError } from '../../errors.ts'
import type { RunFlagValues } from './run-flags.ts'
import { lifeOptions } from './run-life.ts'
import { limitOf, resourceOptions } from './run-limits.ts'
import { networkOptions } from './run-networks.ts'

/** What flags alone cannot say. */
export interface CommandSurroundings {
  environment: Environment
  /** The current folder, absolute: relative sources of bind mounts start there. */
  folder: string
  /** The text of each of `namedFiles(flags)`. */
  files: ReadonlyMap<string, string>
  /** What `--network` is when nobody says. */
  network: string
}

/** The files whose text the flags ask for: the caller reads them, if there are any. */
export function namedFiles(flags: RunFlagValues): string[] {
  const paths = [...(flags['env-file'] ?? []), ...(flags['label-file'] ?? [])]
  for (const { name, value } of flags['security-opt'] ?? []) {
    if (name === 'seccomp' && typeof value === 'object') paths.push(value.path)
  }
  return paths
}

/** @throws UsageError for what cannot stand together */
export function runRequest(
  flags: RunFlagValues,
  positionals: readonly string[],
  around: CommandSurroundings,
): RunRequest {
  if (flags.bundle !== undefined) {
    return { from: 'bundle', options: bundleOptions(flags, flags.bundle, positionals) }
  }
  const [image, ...command] = positionals
  if (image === undefined) throw new UsageError('there is no IMAGE, and no --bundle')
  return { from: 'image', options: imageOptions(flags, image, command, around) }
}

const bundleFlags = new Set(['bundle', 'executor', 'json', 'no-cgroup', 'quiet', 'rm', 'skip', 'step'])

function bundleOptions(flags: RunFlagValues, bundle: string, positionals: readonly string[]): BundleOptions {
  const other = Object.keys(flags).find((name) => !bundleFlags.has(name))
  if (other !== undefined) {
    throw new UsageError(`--${other} means nothing with --bundle: the bundle's config.json says everything`)
  }
  const [id, ...more] = positionals
  if (more.length > 0) throw new UsageError('--bundle DIR takes an ID at most: config.json says what runs')
  if (id !== undefined && (!/^[\w+.-]+$/.test(id) || id === '.' || id === '..')) {
    throw new UsageError(`invalid container ID: "${id}"`)
  }
  return { bundle, id, lab: labOptions(flags) }
}

function labOptions(flags: RunFlagValues): LabOptions {
  const step = flags.step ?? false
  if (step && flags.executor === 'native') {
    throw new UsageError('--step walks in TypeScript: it cannot stand with --executor native')
  }
  return {
    step,
    skip: flags.skip ?? [],
    executor: flags.executor ?? (step ? 'ffi' : 'native'),
    cgroup: !flags['no-cgroup'],
  }
}

function imageOptions(
  flags: RunFlagValues,
  image: string,
  command: string[],
  around: CommandSurroundings,
): RunOptions {
  checkTogether(flags)
  const resources = resourceOptions(flags)
  if (limitOf(flags) !== undefined) checkResources(resources)
  return {
    image,
    command,
    entrypoint: flags.entrypoint,
    name: flags.name,
    platform: flags.platform,
    pull: flags.pull ?? 'missing',
    quiet: flags.quiet ?? false,
    removeAfterwards: flags.rm ?? false,
    interactive: flags.interactive ?? false,
    terminal: flags.tty ?? false,
    init: flags.init ?? false,
    stopSignal: flags['stop-signal'],
    stopTimeoutSeconds: flags['stop-timeout'],
    ...lifeOptions(flags),
    environment: environmentOf(flags, around),
    user: flags.user || undefined,
    groupAdd: flags['group-add'] ?? [],
    workdir: flags.workdir,
    labels: labelsOf(flags, around),
    annotations: recordOf(flags.annotation),
    hostname: flags.hostname,
    domainname: flags.domainname,
    extraHosts: flags['add-host'] ?? [],
    dns: {
      servers: flags.dns ?? [],
      search: flags['dns-search'] ?? [],
      options: flags['dns-option'] ?? [],
    },
    ...networkOptions(flags, around.network),
    pid: flags.pid ?? 'private',
    ipc: flags.ipc ?? 'private',
    uts: flags.uts ?? 'private',
    cgroupns: flags.cgroupns ?? 'private',
    userns: flags.userns,
    readonlyRootfs: flags['read-only'] ?? false,
    mounts: mountsOf(flags, around.folder),
    volumesFrom: flags['volumes-from'] ?? [],
    shmSizeBytes: flags['shm-size'] || defaultShmSizeBytes,
    devices: flags.device ?? [],
    capAdd: flags['cap-add'] ?? [],
    capDrop: flags['cap-drop'] ?? [],
    privileged: flags.privileged ?? false,
    security: securityOptions(flags, around),
    ulimits: flags.ulimit ?? [],
    sysctls: recordOf(flags.sysctl),
    resources,
    oomScoreAdj: flags['oom-score-adj'],
    cgroupParent: flags['cgroup-parent'],
    lab: labOptions(flags),
  }
}

/** Docker's own conflicts, and what is not in this version. */
function checkTogether(flags: RunFlagValues): void {
  if (flags.rm && flags.restart !== undefined && flags.restart.name !== 'no') {
    throw new UsageError('conflicting options: cannot specify both --restart and --rm')
  }
  if (flags.detach && flags.attach !== undefined) {
    throw new UsageError('conflicting options: cannot specify both --attach and --detach')
  }
  if (flags.uts === 'host' && flags.hostname !== undefined) {
    throw new UsageError('conflicting options: hostname and the UTS mode')
  }
  for (const [name] of flags.sysctl ?? []) {
    const host = (isNetworkSysctl(name) && 'network') || (isIpcSysctl(name) && 'ipc')
    if (host && (host === 'network' ? flags.network?.[0]?.network : flags.ipc) === 'host') {
      throw new UsageError(`sysctl '${name}' is not allowed: the ${host} namespace is the host's`)
    }
  }
  if (flags['no-cgroup']) {
    const limit = limitOf(flags)
    if (limit !== undefined) throw new UsageError(`conflicting options: --${limit} and --no-cgroup`)
  }
}

/** Files first, then `-e`: what is said last wins. */
export function environmentOf(
  flags: Pick<RunFlagValues, 'env' | 'env-file'>,
  { environment, files }: CommandSurroundings,
): string[] {
  const variables: string[] = []
  for (const path of flags['env-file'] ?? []) {
    variables.push(...parseEnvFile(path, files.get(path) ?? '', environment))
  }
  for (const variable of flags.env ?? []) variables.push(expandVariable(variable, environment))
  return variables
}

function labelsOf(flags: RunFlagValues, { files }: CommandSurroundings): Record<string, string> {
  const labels: [name: string, value: string][] = []
  for (const path of flags['label-file'] ?? []) labels.push(...parseLabelFile(path, files.get(path) ?? ''))
  return recordOf([...labels, ...(flags.label ?? [])])
}

/** A loop: the first call of Object.fromEntries, flatMap or a generator costs a start 50 to 80 microseconds each. */
function recordOf(pairs: readonly (readonly [name: string, value: string])[] = []): Record<string, string> {
  const record: Record<string, string> = {}
  for (const [name, value] of pairs) {
    // `--label __proto__=x` is a label like any other.
    Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true })
  }
  return record
}

/** @throws UsageError when two want the same place */
function mountsOf(flags: RunFlagValues, folder: string): RunOptions['mounts'] {
  const mounts = [...(flags.volume ?? []), ...(flags.mount ?? []), ...(flags.tmpfs ?? [])]
  if (mounts.length === 0) return mounts
  const taken = new Set<string>()
  for (const { destination } of mounts) {
    if (taken.has(destination)) throw new UsageError(`Duplicate mount point: ${destination}`)
    taken.add(destination)
  }
  return mounts.map((mount) =>
    mount.type === 'bind' && !mount.source.startsWith('/')
      ? { ...mount, source: `${folder === '/' ? '' : folder}/${mount.source}` }
      : mount,
  )
}

function securityOptions(flags: RunFlagValues, { files }: CommandSurroundings): SecurityOptions {
  const security: SecurityOptions = { seccomp: 'default', noNewPrivileges: false, unmaskedPaths: false }
  for (const option of flags['security-opt'] ?? []) {
    if (option.name === 'seccomp') security.seccomp = seccompOption(option.value, files)
    else if (option.name === 'no-new-privileges') security.noNewPrivileges = option.value
    else if (option.name === 'systempaths') security.unmaskedPaths = true
    else if (option.name === 'apparmor' && option.value !== 'unconfined') security.apparmor = option.value
  }
  return security
}

function seccompOption(
  value: 'default' | 'unconfined' | { path: string },
  files: CommandSurroundings['files'],
): SecurityOptions['seccomp'] {
  if (typeof value === 'string') return value
  try {
    return { path: value.path, profile: JSON.parse(files.get(value.path) ?? '') as unknown }
  } catch (cause) {
    throw new UsageError(`Decoding seccomp profile failed: ${value.path}: ${(cause as Error).message}`, {
      cause,
    })
  }
}
