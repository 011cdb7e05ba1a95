/** What a container was allowed and given by its host, as `docker inspect` prints it (moby HostConfig). */
import { defaultMaskedPaths, defaultReadonlyPaths } from '../../engine/config/default-config.ts'
import type { DeviceRate } from '../../engine/config/device-flag.ts'
import type { MountRequest } from '../../engine/config/mount-request.ts'
import type { PortRequest } from '../../engine/network/port-flag.ts'
import type { RunOptions } from '../../engine/run-options.ts'
import { Nil } from '../format/go-value.ts'
import { type BoundPort, portBindings } from './port-bindings.ts'

export function hostConfigJson(options: RunOptions): object {
  const { resources, security } = options
  const unmasked = options.privileged || security.unmaskedPaths
  const tmpfs = options.mounts.filter((mount) => mount.type === 'tmpfs')
  return {
    Binds: orNil(options.mounts.flatMap(bindOf)),
    ContainerIDFile: '',
    LogConfig: { Type: options.log.driver, Config: new Map(Object.entries(options.log.options)) },
    NetworkMode: options.network,
    PortBindings: portBindings(options.ports.map(bindingOf)),
    RestartPolicy: { Name: options.restart.name, MaximumRetryCount: options.restart.maximumRetryCount },
    AutoRemove: options.removeAfterwards,
    VolumeDriver: '',
    VolumesFrom: orNil(options.volumesFrom),
    ConsoleSize: [0, 0],
    Annotations: mapUnlessEmpty(options.annotations),
    CapAdd: orNil(options.capAdd),
    CapDrop: orNil(options.capDrop),
    CgroupnsMode: options.cgroupns,
    Dns: options.dns.servers,
    DnsOptions: options.dns.options,
    DnsSearch: options.dns.search,
    ExtraHosts: orNil(options.extraHosts.map(([name, address]) => `${name}:${address}`)),
    GroupAdd: orNil(options.groupAdd),
    IpcMode: options.ipc,
    Cgroup: '',
    Links: new Nil('list'),
    OomScoreAdj: options.oomScoreAdj ?? 0,
    PidMode: shared(options.pid),
    Privileged: options.privileged,
    PublishAllPorts: options.publishAll,
    ReadonlyRootfs: options.readonlyRootfs,
    SecurityOpt: orNil(securityOptions(options)),
    Tmpfs:
      tmpfs.length > 0
        ? new Map(tmpfs.map((mount) => [mount.destination, mount.options.join(',')]))
        : new Nil('map', true),
    UTSMode: shared(options.uts),
    UsernsMode: shared(options.userns ?? 'private'),
    ShmSize: options.shmSizeBytes,
    Sysctls: mapUnlessEmpty(options.sysctls),
    Runtime: 'tinyctr',
    Isolation: '',
    CpuShares: resources.cpuShares ?? 0,
    Memory: resources.memoryBytes ?? 0,
    NanoCpus: resources.nanoCpus ?? 0,
    CgroupParent: options.cgroupParent ?? '',
    BlkioWeight: resources.blkioWeight ?? 0,
    BlkioWeightDevice: [],
    BlkioDeviceReadBps: rates(resources.deviceReadBps),
    BlkioDeviceWriteBps: rates(resources.deviceWriteBps),
    BlkioDeviceReadIOps: rates(resources.deviceReadIops),
    BlkioDeviceWriteIOps: rates(resources.deviceWriteIops),
    CpuPeriod: resources.cpuPeriodMicroseconds ?? 0,
    CpuQuota: resources.cpuQuotaMicroseconds ?? 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: resources.cpusetCpus ?? '',
    CpusetMems: resources.cpusetMems ?? '',
    Devices: options.devices.map(({ host, container, access }) => ({
      PathOnHost: host,
      PathInContainer: container,
      CgroupPermissions: access,
    })),
    DeviceCgroupRules: new Nil('list'),
    DeviceRequests: new Nil('list'),
    MemoryReservation: resources.memoryReservationBytes ?? 0,
    MemorySwap: resources.memorySwapBytes ?? 2 * (resources.memoryBytes ?? 0),
    MemorySwappiness: new Nil('pointer'),
    OomKillDisable: new Nil('pointer'),
    PidsLimit: resources.pidsLimit ?? new Nil('pointer'),
    Ulimits: options.ulimits.map(({ type, soft, hard }) => ({
      Name: type.replace('RLIMIT_', '').toLowerCase(),
      Hard: hard,
      Soft: soft,
    })),
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
    MaskedPaths: unmasked ? new Nil('list') : [...defaultMaskedPaths],
    ReadonlyPaths: unmasked ? new Nil('list') : [...defaultReadonlyPaths],
    Init: options.init || new Nil('pointer', true),
  }
}

const orNil = (list: readonly unknown[]): unknown => (list.length === 0 ? new Nil('list') : list)

const mapUnlessEmpty = (values: Readonly<Record<string, string>>): unknown =>
  Object.keys(values).length === 0 ? new Nil('map', true) : new Map(Object.entries(values))

/** Docker's word for "its own" is none at all. */
const shared = (mode: string): string => (mode === 'private' ? '' : mode)

const rates = (list: readonly DeviceRate[]): object[] =>
  list.map(({ path, rate }) => ({ Path: path, Rate: rate }))

/** In the words of `-v`. */
function bindOf(mount: MountRequest): string[] {
  if (mount.type === 'tmpfs' || (mount.type === 'volume' && mount.anonymous)) return []
  const modes = [
    ...(mount.readonly ? ['ro'] : []),
    ...(mount.type === 'bind' && mount.propagation !== 'rprivate' ? [mount.propagation] : []),
    ...(mount.type === 'volume' && mount.noCopy ? ['nocopy'] : []),
  ]
  const source = mount.type === 'volume' ? mount.name : mount.source
  return [[source, mount.destination, ...(modes.length > 0 ? [modes.join(',')] : [])].join(':')]
}

function securityOptions({ security, privileged }: RunOptions): string[] {
  const { seccomp } = security
  return [
    ...(typeof seccomp === 'object' ? [`seccomp=${JSON.stringify(seccomp.profile)}`] : []),
    ...(seccomp === 'unconfined' ? ['seccomp=unconfined'] : []),
    ...(security.noNewPrivileges ? ['no-new-privileges'] : []),
    ...(security.apparmor === undefined ? [] : [`apparmor=${security.apparmor}`]),
    ...(privileged ? ['label=disable'] : []),
  ]
}

/** As it was asked for: the port of the host may be any that is free. */
const bindingOf = ({ protocol, port, hostAddress = '', hostPorts }: PortRequest): BoundPort => ({
  privatePort: port,
  protocol,
  published: {
    address: hostAddress,
    port: hostPorts === undefined ? '' : hostPorts.join('-').replace(/^(\d+)-\1$/, '$1'),
  },
})
