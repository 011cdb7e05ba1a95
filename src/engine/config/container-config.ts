/**
 * The OCI config.json of a Docker-like container, from an image's config, what `run` was asked for, and what the host
 * is. Pure: it can be printed and compared without a container (`tinyctr plan`, test/engine/config/container-config.test.ts).
 */
import type { ExecutionParameters } from '../../oci/image-spec.ts'
import { type Config, type Linux, OCI_VERSION, type Process, type Seccomp } from '../../oci/runtime-spec.ts'
import type { ContainerPaths, HostFacts } from '../host-facts.ts'
import { isOwnNamespace } from '../network/network-flag.ts'
import type { RunOptions } from '../run-options.ts'
import { containerCapabilities } from './capabilities-flag.ts'
import { containerArguments, containerFolder, refuseNul, stopSignal } from './container-command.ts'
import { containerDevices } from './container-devices.ts'
import { containerMounts, rootfsPropagation } from './container-mounts.ts'
import { type ContainerNamespaces, containerNamespaces, hasUserNamespace } from './container-namespaces.ts'
import { defaultMaskedPaths, defaultReadonlyPaths } from './default-config.ts'
import { containerEnvironment } from './environment.ts'
import { linuxResources } from './resources.ts'
import type { ResolvedUser } from './user.ts'

export interface ContainerConfigInput {
  /** 64 hexadecimal digits; the first 12 are the default host name. */
  id: string
  /** What the image's config says of running it: its `config` object. */
  image: ExecutionParameters
  options: RunOptions
  /** From `resolveUser`, with the image's passwd and group. */
  user: ResolvedUser
  host: HostFacts
  paths: ContainerPaths
  /** The terminal's size when the container starts. */
  consoleSize?: { height: number; width: number }
  /** Makes `linux.seccomp` of a profile in Docker's format; `default` is Docker's own. */
  resolveSeccomp: (profile: unknown, capabilities: readonly string[]) => Seccomp | undefined
}

/** The name of the container on its network: its own, or the host's where it shares the host's. */
export function containerHostname(
  id: string,
  options: RunOptions,
  host: Pick<HostFacts, 'hostname'>,
): string {
  const shared = options.uts === 'host' || options.network === 'host'
  return options.hostname ?? (shared ? host.hostname : id.slice(0, 12))
}

/** @throws ConfigError at a flag, or at a pointer into the image's config */
export function containerConfig(input: ContainerConfigInput): Config {
  const { id, image, options, host } = input
  const capabilities = containerCapabilities(
    { add: options.capAdd, drop: options.capDrop, privileged: options.privileged },
    host.lastCapability,
    host.heldCapabilities,
  )
  const own = containerNamespaces(options, host)
  const ownUts = options.uts !== 'host'
  return {
    ociVersion: OCI_VERSION,
    process: containerProcess(input, capabilities),
    root: { path: input.paths.rootfs, readonly: options.readonlyRootfs },
    ...(ownUts && { hostname: containerHostname(id, options, host) }),
    ...(ownUts && options.domainname !== undefined && { domainname: options.domainname }),
    mounts: containerMounts(options, own, input.paths, host.hasMqueue),
    annotations: annotations(image, options),
    linux: containerLinux(input, capabilities, own),
  }
}

function containerProcess(
  { id, image, options, user, host, consoleSize }: ContainerConfigInput,
  capabilities: string[],
): Process {
  const { security } = options
  const args = containerArguments(image, options)
  const imageEnvironment = image.Env ?? []
  refuseNul('/config/Env', imageEnvironment)
  refuseNul('/config/Cmd', args)
  return {
    terminal: options.terminal,
    ...(options.terminal && consoleSize !== undefined && { consoleSize }),
    user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
    args,
    env: containerEnvironment({
      image: imageEnvironment,
      user: options.environment,
      hostname: containerHostname(id, options, host),
      terminal: options.terminal,
      home: user.home,
    }),
    cwd: containerFolder(image, options),
    // Nothing inheritable (CVE-2022-24769), nothing ambient.
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    ...(options.ulimits.length > 0 && { rlimits: options.ulimits }),
    noNewPrivileges: security.noNewPrivileges,
    ...(security.apparmor !== undefined && { apparmorProfile: security.apparmor }),
    ...(options.oomScoreAdj !== undefined && { oomScoreAdj: options.oomScoreAdj }),
  }
}

function containerLinux(
  { options, host, paths, resolveSeccomp }: ContainerConfigInput,
  capabilities: string[],
  own: ContainerNamespaces,
): Linux {
  const { devices, rules } = containerDevices(options, host)
  const deviceNumber = (path: string) => host.devicesAt.get(path)?.[0]
  const unmasked = options.privileged || options.security.unmaskedPaths
  const propagation = rootfsPropagation(options.mounts)
  const seccomp = seccompOf(options, capabilities, resolveSeccomp)
  return {
    ...own,
    cgroupsPath: paths.cgroup,
    resources: linuxResources(options.resources, { cpuCount: host.cpuCount, deviceNumber }, rules),
    ...(devices.length > 0 && { devices }),
    sysctl: { ...defaultSysctls(options, hasUserNamespace(own)), ...options.sysctls },
    ...(propagation !== undefined && { rootfsPropagation: propagation }),
    ...(seccomp !== undefined && { seccomp }),
    ...(!unmasked && {
      maskedPaths: [...defaultMaskedPaths, ...host.thermalThrottlePaths],
      readonlyPaths: [...defaultReadonlyPaths],
    }),
  }
}

/** A privileged container has a filter only if the user names one. */
function seccompOf(
  { security, privileged }: RunOptions,
  capabilities: readonly string[],
  resolve: ContainerConfigInput['resolveSeccomp'],
): Seccomp | undefined {
  const { seccomp } = security
  if (seccomp === 'unconfined' || (seccomp === 'default' && privileged)) return undefined
  return resolve(seccomp === 'default' ? seccomp : seccomp.profile, capabilities)
}

/** In a network of its own, a container may bind low ports and send pings without capabilities. */
function defaultSysctls({ network }: RunOptions, inUserNamespace: boolean): Record<string, string> {
  if (!isOwnNamespace(network)) return {}
  return {
    // Its range is in ids of the host's first user namespace, which most others cannot name.
    ...(!inUserNamespace && { 'net.ipv4.ping_group_range': '0 2147483647' }),
    'net.ipv4.ip_unprivileged_port_start': '0',
  }
}

/**
 * The user's annotations and labels. Labels of the image stay out: they are a stranger's words, and annotations are
 * what runtimes and hooks act on (CVE-2026-53488).
 */
function annotations(image: ExecutionParameters, options: RunOptions): Record<string, string> {
  const signal = stopSignal(image, options)
  return {
    ...(signal !== undefined && { 'org.opencontainers.image.stopSignal': signal }),
    ...options.labels,
    ...options.annotations,
  }
}
