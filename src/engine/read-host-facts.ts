/** Reads what the config of a container needs to know of this host (host-facts.ts). */
import { ConfigError } from '../errors.ts'
import { AT, S } from '../linux/abi/flags.ts'
import { attempt, call } from '../linux/call.ts'
import { fileType, listFolder, readTextIfAny } from '../linux/file.ts'
import { lookedAt } from '../linux/premises.ts'
import type { Device, IDMapping } from '../oci/runtime-spec.ts'
import { devicePaths, type HostFacts } from './host-facts.ts'
import type { RunOptions } from './run-options.ts'

export function readHostFacts(options: RunOptions): HostFacts {
  const uid = call('geteuid', [])
  const rootless = uid !== 0
  const asked = devicePaths(options)
  const devicesAt = new Map<string, readonly Device[]>()
  for (const path of asked) devicesAt.set(path, readDevices(path))
  return {
    hostname: (readTextIfAny('/proc/sys/kernel/hostname') ?? 'localhost').trim(),
    // Only a limit in processors is held against their number.
    cpuCount: options.resources.nanoCpus === undefined ? 0 : countProcessors(),
    lastCapability: Number(readTextIfAny('/proc/sys/kernel/cap_last_cap') ?? '40'),
    // A new user namespace has them all.
    ...(wantsAll(options) && !rootless && options.userns !== 'private'
      ? { heldCapabilities: readHeldCapabilities() }
      : {}),
    rootless,
    ...(rootless || options.userns === 'private'
      ? { idMappings: readIdMappings(uid, call('getegid', [])) }
      : {}),
    ...(options.ipc === 'host' && { hasMqueue: fileType('/dev/mqueue') === S.IFDIR }),
    thermalThrottlePaths: readThermalThrottle(),
    devicesAt,
    allDevices: options.privileged ? readDevices('/dev').filter(isShared) : [],
  }
}

const wantsAll = ({ privileged, capAdd }: RunOptions): boolean => privileged || capAdd.includes('ALL')

const readHeldCapabilities = (): bigint =>
  BigInt(
    `0x${/^CapPrm:\s*([0-9a-f]+)/m.exec(readTextIfAny('/proc/self/status') ?? '')?.[1] ?? 'ffffffffffffffff'}`,
  )

/** sched_getaffinity(2): the processors that we may use, a bit each. */
export function countProcessors(): number {
  const mask = new Uint8Array(128)
  call('sched_getaffinity', [0, mask])
  let count = 0
  for (let byte of mask) for (; byte !== 0; byte &= byte - 1) count++
  return count
}

const STATX_SIZE = 256
const STATX_BASIC = 0x7ff

/** A device at a path, or all devices below a folder; none where there is nothing of the kind. */
function readDevices(path: string): Device[] {
  const buffer = new Uint8Array(STATX_SIZE)
  if (attempt('statx', [AT.FDCWD, path, 0, STATX_BASIC, buffer]) < 0) return []
  lookedAt([20, 10], [128, 8])
  const view = new DataView(buffer.buffer)
  const mode = view.getUint16(28, true)
  const type = mode & S.IFMT
  if (type === S.IFDIR) return listFolder(path).flatMap((name) => readDevices(`${path}/${name}`))
  if (type !== S.IFCHR && type !== S.IFBLK) return []
  return [
    {
      path,
      type: type === S.IFCHR ? 'c' : 'b',
      major: view.getUint32(128, true),
      minor: view.getUint32(132, true),
      fileMode: mode & 0o777,
      uid: view.getUint32(20, true),
      gid: view.getUint32(24, true),
    },
  ]
}

/** Terminals and message queues are each container's own. */
const isShared = ({ path }: Device): boolean =>
  !/^\/dev\/(pts|shm|mqueue|fd|stdin|stdout|stderr|console|tty\d*|ptmx)(\/|$)/.test(path)

function readThermalThrottle(): string[] {
  const folder = '/sys/devices/system/cpu'
  if (fileType(`${folder}/cpu0/thermal_throttle`) === undefined) return []
  return listFolder(folder)
    .filter((name) => /^cpu\d+$/.test(name))
    .map((name) => `${folder}/${name}/thermal_throttle`)
}

/** Root maps a range of its own; others what subuid(5) grants, or their one id. */
export function readIdMappings(uid: number, gid: number): NonNullable<HostFacts['idMappings']> {
  const name = userName(uid)
  const uids = subordinateRange('/etc/subuid', name, uid)
  const gids = subordinateRange('/etc/subgid', name, uid)
  if (uid === 0) {
    if (!uids || !gids)
      throw new ConfigError(
        '--userns',
        'expected a range for root in /etc/subuid and /etc/subgid, such as root:100000:65536',
      )
    return { uid: [{ containerID: 0, ...uids }], gid: [{ containerID: 0, ...gids }] }
  }
  const own = (id: number, range: Omit<IDMapping, 'containerID'> | undefined): IDMapping[] => [
    { containerID: 0, hostID: id, size: 1 },
    ...(range ? [{ containerID: 1, ...range }] : []),
  ]
  const helpers = fileType('/usr/bin/newuidmap') !== undefined && fileType('/usr/bin/newgidmap') !== undefined
  return {
    uid: own(uid, helpers && gids ? uids : undefined),
    gid: own(gid, helpers && uids ? gids : undefined),
  }
}

export const userName = (uid: number): string | undefined =>
  (readTextIfAny('/etc/passwd') ?? '')
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => Number(fields[2]) === uid && fields[2] !== '')?.[0]

function subordinateRange(
  file: string,
  name: string | undefined,
  uid: number,
): Omit<IDMapping, 'containerID'> | undefined {
  const line = (readTextIfAny(file) ?? '')
    .split('\n')
    .map((text) => text.split(':'))
    .find(([owner]) => owner !== undefined && owner !== '' && (owner === name || owner === String(uid)))
  return line ? { hostID: Number(line[1]), size: Number(line[2]) } : undefined
}
