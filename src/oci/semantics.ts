/**
 * What the runtime specification demands of config.json and its JSON schema cannot say (config.md and
 * config-linux.md, version 1.3), and what would otherwise surface as an EINVAL far from its cause.
 *
 * The parts that are also checked on their own (a process for `exec`, resources for `update`) have files of
 * their own. Every function throws ConfigError at the first problem, with the JSON pointer of it.
 *
 * This runs on every start, in a process where all code runs for the first time: what every config has is walked
 * with plain loops, because the first uses of Set, Math, `forEach` and regular expressions took most of its time.
 */
import { pointer } from './mismatch.ts'
import { checkAbsolute, checkProcess } from './process-semantics.ts'
import { refuse } from './refuse.ts'
import { checkResources } from './resources-semantics.ts'
import type {
  Config,
  Device,
  Hooks,
  IDMapping,
  Linux,
  Mount,
  NamespaceType,
  Process,
} from './runtime-spec.ts'
import { checkSeccomp } from './seccomp-semantics.ts'
import { checkSysctl } from './sysctl-semantics.ts'

/** The types a config asks for, new or joined. */
export type Namespaces = readonly NamespaceType[]

/** @param config one that validateConfig accepted, or that was built here */
export function checkSemantics(config: Config): void {
  if (!isVersionOne(config.ociVersion)) {
    refuse('/ociVersion', 'a version 1.x.y', config.ociVersion)
  }
  // "On all other platforms, this field is REQUIRED": all but Windows with Hyper-V.
  if (config.root === undefined) refuse('/root', 'an object')
  if (config.root.path === '') refuse('/root/path', 'a path', '')

  const namespaces = namespaceTypes(config.linux)
  checkNodeName(config, 'hostname', namespaces)
  checkNodeName(config, 'domainname', namespaces)
  const mounts = config.mounts ?? []
  for (let index = 0; index < mounts.length; index++) {
    checkMount(mounts[index]!, `/mounts/${index}`, namespaces)
  }
  if (config.process !== undefined) checkProcess(config.process, '/process')
  if (config.hooks !== undefined) checkHooks(config.hooks)
  if (config.linux !== undefined) checkLinux(config.linux, namespaces)
}

/** SemVer with major version 1; the common ones without a regular expression, slow at its first use. */
function isVersionOne(version: string): boolean {
  return knownVersions.includes(version) || /^1\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$/.test(version)
}

const knownVersions = ['1.0.0', '1.0.2', '1.0.2-dev', '1.1.0', '1.2.0', '1.2.1', '1.3.0']

/** The process, which only `start` requires (config.md, "Process"). */
export function requireProcess(config: Config): Process {
  return config.process ?? refuse('/process', 'an object, because the container is to be started')
}

/** @throws ConfigError when a type is there twice */
function namespaceTypes(linux: Linux | undefined): Namespaces {
  const types: NamespaceType[] = []
  for (const { type, path } of linux?.namespaces ?? []) {
    const at = `/linux/namespaces/${types.length}`
    if (types.includes(type)) refuse(`${at}/type`, 'each namespace once', type)
    if (path !== undefined && path !== '') checkAbsolute(path, `${at}/path`)
    types.push(type)
  }
  return types
}

function checkNodeName(config: Config, name: 'hostname' | 'domainname', namespaces: Namespaces): void {
  const value = config[name]
  if (value === undefined || value === '') return
  needNamespace('uts', namespaces, `/${name}`)
  // __NEW_UTS_LEN; every UTF-16 unit is at least one byte, and names past ASCII are nobody's habit.
  if (value.length > 64) refuse(`/${name}`, 'at most 64 bytes', value)
}

/** Without the namespace the setting would change the host. */
function needNamespace(type: NamespaceType, namespaces: Namespaces, at: string): void {
  if (!namespaces.includes(type))
    refuse(at, `a namespace of type ${type} in /linux/namespaces, which this needs`)
}

function checkMount(mount: Mount, at: string, namespaces: Namespaces): void {
  // A relative destination is deprecated, and MUST be read as relative to `/`.
  if (mount.destination === '') refuse(`${at}/destination`, 'a path', '')
  const { uidMappings, gidMappings } = mount
  if (uidMappings === undefined && gidMappings === undefined) {
    const options = mount.options ?? []
    for (let index = 0; index < options.length; index++) {
      const needsMapping = options[index] === 'idmap' || options[index] === 'ridmap'
      if (needsMapping && !namespaces.includes('user')) {
        refuse(`${at}/options/${index}`, 'uidMappings, or a user namespace, to map with')
      }
    }
    return
  }
  if (uidMappings === undefined) refuse(`${at}/uidMappings`, 'a list, because there are gidMappings')
  if (gidMappings === undefined) refuse(`${at}/gidMappings`, 'a list, because there are uidMappings')
  checkMappings(uidMappings, `${at}/uidMappings`)
  checkMappings(gidMappings, `${at}/gidMappings`)
}

function checkHooks(hooks: Hooks): void {
  for (const name of Object.keys(hooks) as (keyof Hooks)[]) {
    hooks[name]?.forEach(({ path }, index) => {
      checkAbsolute(path, `/hooks/${name}/${index}/path`)
    })
  }
}

function checkLinux(linux: Linux, namespaces: Namespaces): void {
  for (const name of ['uidMappings', 'gidMappings'] as const) {
    const mappings = linux[name]
    if (mappings === undefined || mappings.length === 0) continue
    needNamespace('user', namespaces, `/linux/${name}`)
    checkMappings(mappings, `/linux/${name}`)
  }
  for (const name of ['maskedPaths', 'readonlyPaths'] as const) {
    const paths = linux[name] ?? []
    for (let index = 0; index < paths.length; index++) checkAbsolute(paths[index]!, `/linux/${name}/${index}`)
  }
  const devices = linux.devices ?? []
  for (let index = 0; index < devices.length; index++) checkDevice(devices[index]!, `/linux/devices/${index}`)
  if (linux.timeOffsets !== undefined) checkTimeOffsets(linux.timeOffsets, namespaces)
  if (linux.netDevices !== undefined) checkNetDevices(linux.netDevices, namespaces)
  if (linux.sysctl !== undefined) checkSysctl(linux.sysctl, namespaces)
  if (linux.cgroupsPath?.split('/').includes('..')) {
    refuse('/linux/cgroupsPath', 'a path that stays below the cgroup root', linux.cgroupsPath)
  }
  if (linux.resources !== undefined) checkResources(linux.resources, '/linux/resources')
  if (linux.seccomp !== undefined) checkSeccomp(linux.seccomp, '/linux/seccomp')
}

/** The kernel's rules for uid_map and gid_map: user_namespaces(7). */
function checkMappings(mappings: readonly IDMapping[], at: string): void {
  if (mappings.length > 340) refuse(at, 'at most 340 ranges', mappings.length)
  mappings.forEach((mapping, index) => {
    if (mapping.size === 0) refuse(`${at}/${index}/size`, 'at least 1', 0)
    for (const side of ['containerID', 'hostID'] as const) {
      const end = mapping[side] + mapping.size
      if (end > 0xffffffff)
        refuse(`${at}/${index}/${side}`, 'a range that ends before id 4294967295', mapping[side])
      const overlaps = (other: IDMapping) => mapping[side] < other[side] + other.size && other[side] < end
      if (mappings.findIndex(overlaps) < index) {
        refuse(`${at}/${index}/${side}`, 'a range that overlaps no earlier one', mapping[side])
      }
    }
  })
}

function checkDevice(device: Device, at: string): void {
  checkAbsolute(device.path, `${at}/path`)
  if (device.type === 'p') return
  for (const name of ['major', 'minor'] as const) {
    const number = device[name]
    // dev_t in mknod(2): 12 bits of major, 20 of minor.
    const max = name === 'major' ? 0xfff : 0xfffff
    if (number === undefined || number < 0 || number > max) {
      refuse(`${at}/${name}`, `an integer from 0 to ${max}`, number)
    }
  }
}

function checkTimeOffsets(offsets: NonNullable<Linux['timeOffsets']>, namespaces: Namespaces): void {
  for (const clock of ['boottime', 'monotonic'] as const) {
    const nanosecs = offsets[clock]?.nanosecs ?? 0
    if (offsets[clock] !== undefined) needNamespace('time', namespaces, '/linux/timeOffsets')
    if (nanosecs > 999_999_999) {
      refuse(`/linux/timeOffsets/${clock}/nanosecs`, 'an integer from 0 to 999999999', nanosecs)
    }
  }
}

function checkNetDevices(devices: NonNullable<Linux['netDevices']>, namespaces: Namespaces): void {
  const names = new Set<string>()
  for (const hostName of Object.keys(devices)) {
    const at = pointer(['linux', 'netDevices', hostName])
    needNamespace('network', namespaces, at)
    // dev_valid_name() of the kernel; IFNAMSIZ is 16 with its NUL.
    const name = devices[hostName]!.name ?? hostName
    if (!/^[^/:\s]{1,15}$/.test(name) || name === '.' || name === '..') {
      refuse(`${at}/name`, 'a network interface name of 1 to 15 bytes', name)
    }
    if (names.has(name)) refuse(`${at}/name`, 'a name no other device takes', name)
    names.add(name)
  }
}
