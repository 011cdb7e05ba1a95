/** `tinyctr info`: Docker's shape; there is no server, so its part is about this machine. */
import manifest from '../../../package.json' with { type: 'json' }
import { readSystemInfo, type SystemInfo } from '../../engine/system-info.ts'
import { ImageStore } from '../../image/store.ts'
import { defineCommand } from '../command.ts'
import { printInspected } from '../format/inspected.ts'
import { bytesSize } from '../format/units.ts'
import { print, printError } from '../screen/output.ts'

export const info = defineCommand({
  usage: '[OPTIONS]',
  summary: 'Display system-wide information',
  examples: ["tinyctr info --format '{{.ContainersRunning}} of {{.Containers}}'"],
  flags: { format: { takes: 'one', short: 'f', value: 'TEMPLATE', help: "'json' or a Go template" } },
  least: 0,
  most: 0,
  async execute({ flags: { format }, folders: { dataRoot } }) {
    const system = readSystemInfo(dataRoot)
    const images = await countImages(dataRoot)
    if (format !== undefined && format !== '') {
      const text = printInspected([infoJson(system, images, dataRoot)], format)
      print(format === 'json' ? text.slice(1, -1) : text)
      return 0
    }
    print(plainText(system, images, dataRoot))
    for (const line of warnings(system)) printError(line)
    return 0
  },
})

async function countImages(dataRoot: string): Promise<number> {
  const store = new ImageStore(dataRoot)
  try {
    return (await store.images()).length
  } finally {
    store.close()
  }
}

const drivers = { logs: ['json-file', 'none'], networks: ['bridge', 'host', 'none'], volumes: ['local'] }
const machine = (): string => (process.arch === 'arm64' ? 'aarch64' : 'x86_64')
const securityOptions = ({ rootless }: SystemInfo): string[] => [
  'name=seccomp,profile=builtin',
  'name=cgroupns',
  ...(rootless ? ['name=rootless'] : []),
]

function plainText(system: SystemInfo, images: number, dataRoot: string): string {
  const { containers } = system
  return `Client:
 Version:    ${manifest.version}
 Context:    default
 Debug Mode: false

Server:
 Containers: ${containers.total}
  Running: ${containers.running}
  Paused: ${containers.paused}
  Stopped: ${containers.stopped}
 Images: ${images}
 Server Version: ${manifest.version}
 Storage Driver: overlay2
 Logging Driver: json-file
 Cgroup Driver: cgroupfs
 Cgroup Version: ${system.cgroupVersion}
 Plugins:
  Volume: ${drivers.volumes.join(' ')}
  Network: ${drivers.networks.join(' ')}
  Log: ${drivers.logs.join(' ')}
 Swarm: inactive
 Runtimes: tinyctr
 Default Runtime: tinyctr
 Security Options:
${securityOptions(system).map(securityLines).join('\n')}
 Kernel Version: ${system.kernel}
 Operating System: ${system.operatingSystem}
 OSType: linux
 Architecture: ${machine()}
 CPUs: ${system.processors}
 Total Memory: ${bytesSize(system.memoryBytes)}
 Name: ${system.hostname}
 Docker Root Dir: ${dataRoot}
 Debug Mode: false
 Experimental: false
 Live Restore Enabled: true
`
}

function securityLines(option: string): string {
  const [name = '', ...more] = option.split(',').map((pair) => pair.split('=')[1] ?? '')
  return [`  ${name}`, ...more.map((profile) => `   Profile: ${profile}`)].join('\n')
}

/** In the words of Docker's daemon, as clients look for them. */
const warnings = ({ controllers }: SystemInfo): string[] => [
  ...(controllers.memory ? [] : ['WARNING: No memory limit support']),
  ...(controllers.pids ? [] : ['WARNING: No pids limit support']),
  ...(controllers.io ? [] : ['WARNING: No blkio throttle support']),
]

function infoJson(system: SystemInfo, images: number, dataRoot: string): object {
  const { containers, controllers } = system
  return {
    ID: '',
    Containers: containers.total,
    ContainersRunning: containers.running,
    ContainersPaused: containers.paused,
    ContainersStopped: containers.stopped,
    Images: images,
    Driver: 'overlay2',
    DriverStatus: [],
    Plugins: { Volume: drivers.volumes, Network: drivers.networks, Authorization: [], Log: drivers.logs },
    MemoryLimit: controllers.memory,
    SwapLimit: controllers.memory,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: controllers.pids,
    IPv4Forwarding: true,
    Debug: false,
    NFd: 0,
    OomKillDisable: false,
    NGoroutines: 0,
    SystemTime: new Date().toISOString(),
    LoggingDriver: 'json-file',
    CgroupDriver: 'cgroupfs',
    CgroupVersion: system.cgroupVersion,
    NEventsListener: 0,
    KernelVersion: system.kernel,
    OperatingSystem: system.operatingSystem,
    OSVersion: '',
    OSType: 'linux',
    Architecture: machine(),
    NCPU: system.processors,
    MemTotal: system.memoryBytes,
    DockerRootDir: dataRoot,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: system.hostname,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: manifest.version,
    Runtimes: new Map([['tinyctr', { path: 'tinyctr-runtime' }]]),
    DefaultRuntime: 'tinyctr',
    Swarm: { NodeID: '', NodeAddr: '', LocalNodeState: 'inactive', ControlAvailable: false, Error: '' },
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: 'tinyctr',
    SecurityOptions: securityOptions(system),
    Warnings: warnings(system),
    ClientInfo: { Debug: false, Version: manifest.version, Context: 'default', Plugins: [], Warnings: [] },
  }
}
