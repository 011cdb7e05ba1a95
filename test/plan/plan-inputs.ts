/** Made-up hosts and configs, each showing one thing a plan can be asked for: what the goldens and the purity tests use. */
import { readFileSync } from 'node:fs'
import type { Config, Linux, Mount, Process } from '../../src/oci/runtime-spec.ts'
import type { PlanInput } from '../../src/plan/compile.ts'
import type { Host } from '../../src/plan/host.ts'

const CONTROLLERS = ['cpu', 'cpuset', 'io', 'memory', 'hugetlb', 'pids', 'rdma']

/** A host as of this writing; pure cgroup v2, root. */
export const HOST: Host = {
  architecture: 'x64',
  kernel: [6, 18],
  euid: 0,
  egid: 0,
  cgroup: { mount: '/sys/fs/cgroup', controllers: CONTROLLERS, v1Controllers: [] },
  sources: { '/srv/file': 'file', '/srv/missing': 'missing' },
  nofile: { soft: 1024, hard: 524288 },
  cgroupBpf: true,
}
export const OLD_HOST: Host = { ...HOST, kernel: [6, 1] }
export const ROOTLESS_HOST: Host = { ...HOST, euid: 1000, egid: 1000, cgroup: undefined, cgroupBpf: false }

const readConfig = (path: string): Config =>
  JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'))

/** The profile in that golden stands for whatever the engine resolves; its filter has tests of its own. */
const withoutProfile = (config: Config): Config => ({
  ...config,
  linux: { ...config.linux, seccomp: { defaultAction: 'SCMP_ACT_ALLOW' } },
})

export interface Wishes {
  readonly linux?: Partial<Linux>
  readonly process?: Partial<Process>
  readonly mounts?: Mount[]
  readonly root?: NonNullable<Config['root']>
  readonly hooks?: NonNullable<Config['hooks']>
  readonly hostname?: string
  readonly domainname?: string
}

/** The least a container can be, and `wishes`. */
export const leastConfig = (wishes: Wishes = {}): Config => ({
  ociVersion: '1.3.0',
  root: { path: 'rootfs' },
  ...wishes,
  process: { args: ['/bin/true'], cwd: '/', user: { uid: 0, gid: 0 }, ...wishes.process },
  linux: { namespaces: [{ type: 'mount' }], ...wishes.linux },
})

const PROC: Mount = { destination: '/proc', type: 'proc', source: 'proc' }
const DEV: Mount = { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] }

export const leastInput = (wishes: Wishes = {}, more: Partial<PlanInput> = {}): PlanInput => ({
  config: leastConfig(wishes),
  host: HOST,
  bundle: '/bundle',
  ...more,
})

const bind = (destination: string, source: string, ...options: string[]): Mount => ({
  destination,
  type: 'bind',
  source,
  options: ['rbind', ...options],
})

const OVERLAY = {
  lower: ['/layers/top', '/layers/with:colon', '/layers/base'],
  upper: '/c/upper',
  work: '/c/work',
  userxattr: false,
}
const IDS = [{ containerID: 0, hostID: 100000, size: 65536 }]
const ONE_ID = [{ containerID: 0, hostID: 1000, size: 1 }]
const OWN_AND_RANGE = [...ONE_ID, { containerID: 1, hostID: 100000, size: 65536 }]

/** Golden files by name. */
export const INPUTS: Record<string, PlanInput> = {
  least: leastInput(),
  'runc-spec': { config: readConfig('golden/runc-spec.json'), host: HOST, bundle: '/bundle' },
  podman: { config: readConfig('golden/podman.json'), host: HOST, bundle: '/bundle' },
  // dockerd's is the model of our own default config, mount by mount.
  'default-container': {
    config: withoutProfile(readConfig('engine/config/golden/default-container.json')),
    host: HOST,
    bundle: '/c',
    overlay: OVERLAY,
    dieWithParent: true,
    keyring: true,
    stdin: 'null',
  },
  'user-namespace-root': leastInput({
    linux: { namespaces: [{ type: 'mount' }, { type: 'user' }], uidMappings: IDS, gidMappings: IDS },
    mounts: [DEV],
  }),
  'user-namespace-single-id': leastInput(
    {
      linux: { namespaces: [{ type: 'user' }, { type: 'mount' }], uidMappings: ONE_ID, gidMappings: ONE_ID },
    },
    { host: ROOTLESS_HOST },
  ),
  'user-namespace-newuidmap': leastInput(
    {
      linux: {
        namespaces: [{ type: 'user' }, { type: 'mount' }],
        uidMappings: OWN_AND_RANGE,
        gidMappings: OWN_AND_RANGE,
      },
    },
    { host: ROOTLESS_HOST },
  ),
  'new-namespaces': leastInput({
    linux: {
      namespaces: (['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup', 'time'] as const).map((type) => ({
        type,
      })),
      cgroupsPath: '/a/b',
      sysctl: {
        'net.ipv4.ip_forward': '1',
        'kernel.shmmax': '65536',
        'net/ipv4/conf/eth0.1/forwarding': '1',
      },
    },
    hostname: 'here',
    domainname: 'example.org',
    mounts: [PROC],
  }),
  'joined-namespaces': leastInput({
    linux: {
      namespaces: [
        ...(['network', 'ipc', 'uts', 'cgroup', 'time'] as const).map((type) => ({
          type,
          path: `/proc/42/ns/${type}`,
        })),
        { type: 'mount' },
      ],
    },
  }),
  'joined-pid': leastInput({
    linux: { namespaces: [{ type: 'pid', path: '/proc/42/ns/pid' }, { type: 'mount' }, { type: 'ipc' }] },
  }),
  'joined-user': leastInput({
    linux: { namespaces: [{ type: 'user', path: '/proc/42/ns/user' }, { type: 'mount' }, { type: 'uts' }] },
  }),
  'joined-mount': leastInput({ linux: { namespaces: [{ type: 'mount', path: '/proc/42/ns/mnt' }] } }),
  'time-offsets': leastInput({
    linux: {
      namespaces: [{ type: 'mount' }, { type: 'time' }],
      timeOffsets: { monotonic: { secs: 172800, nanosecs: 500 }, boottime: { secs: -60 } },
    },
  }),
  terminal: leastInput({
    process: { terminal: true, consoleSize: { height: 24, width: 80 }, user: { uid: 1000, gid: 5 } },
    mounts: [DEV, { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['newinstance'] }],
  }),
  'console-socket': leastInput(
    {
      process: { terminal: true },
      mounts: [DEV, { destination: '/dev/pts', type: 'devpts', source: 'devpts' }],
    },
    { consoleSocket: '/run/console.sock', preserveFds: 2 },
  ),
  'overlay-6.1': leastInput({}, { overlay: OVERLAY, host: OLD_HOST }),
  'overlay-6.18': leastInput({}, { overlay: { ...OVERLAY, userxattr: true } }),
  'idmapped-mounts': leastInput({
    mounts: [
      { ...bind('/mapped', '/srv/data', 'idmap', 'ro'), uidMappings: IDS, gidMappings: IDS },
      { ...bind('/mapped/below', '/srv/file', 'ridmap'), uidMappings: IDS, gidMappings: IDS },
    ],
  }),
  mounts: leastInput({
    mounts: [
      bind('/data', '/srv/data', 'ro', 'rslave'),
      bind('/data/file', '/srv/file', 'rro', 'rnosuid', 'nodev'),
      { destination: '/relative', type: 'bind', source: 'sub', options: ['bind', 'noatime'] },
      {
        destination: '/run',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['tmpcopyup', 'size=1m', 'ro', 'lazytime'],
      },
      { destination: '/run/lock', type: 'tmpfs', source: 'tmpfs' },
      { destination: '/run/lock/deep/down', type: 'tmpfs', source: 'tmpfs' },
      { destination: '/run', type: 'none', options: ['remount', 'nosuid'] },
    ],
    root: { path: '/elsewhere', readonly: true },
    linux: { rootfsPropagation: 'rshared' },
  }),
  'cgroup-limits': leastInput({
    linux: {
      cgroupsPath: '/tinyctr/one',
      resources: {
        memory: { limit: 64 << 20, swap: 96 << 20, reservation: 32 << 20 },
        cpu: { shares: 512, quota: 50_000, period: 100_000, burst: 1000, cpus: '0-1', mems: '0', idle: 0 },
        pids: { limit: 100 },
        blockIO: {
          weight: 500,
          weightDevice: [{ major: 8, minor: 0, weight: 10 }],
          throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1024 }],
          throttleWriteIOPSDevice: [{ major: 8, minor: 16, rate: 100 }],
        },
        hugepageLimits: [{ pageSize: '2MB', limit: 4194304 }],
        rdma: { mlx5_1: { hcaHandles: 3 } },
        unified: { 'memory.high': '50331648', 'cgroup.max.depth': '2' },
      },
    },
  }),
  'systemd-scope': leastInput(
    {
      linux: {
        cgroupsPath: '/machine.slice/engine-one.scope',
        resources: { memory: { limit: 64 << 20 }, pids: { limit: 1 } },
      },
    },
    { scopeHome: '/sys/fs/cgroup/system.slice/engine.service' },
  ),
  labels: leastInput(
    {
      process: { selinuxLabel: 'system_u:system_r:container_t:s0:c1,c2', apparmorProfile: 'engine-default' },
      linux: { mountLabel: 'system_u:object_r:container_file_t:s0:c1,c2' },
      mounts: [
        PROC,
        DEV,
        { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue' },
        bind('/data', '/srv/data'),
      ],
    },
    { keyring: true, host: { ...HOST, securityModules: ['selinux', 'apparmor'] } },
  ),
  'intel-rdt': leastInput(
    {
      linux: {
        intelRdt: {
          l3CacheSchema: 'L3:0=7f0;1=1f\nMB:0=100;1=100',
          memBwSchema: 'MB:0=20;1=70',
          schemata: ['L2:0=f;1=f'],
          enableMonitoring: true,
        },
      },
    },
    {
      host: { ...HOST, resctrl: { mount: '/sys/fs/resctrl', groups: {} } },
      hookState: { ociVersion: '1.3.0', id: 'web', bundle: '/bundle' },
    },
  ),
  'device-rules': leastInput({
    linux: {
      cgroupsPath: '/d',
      devices: [
        { path: '/dev/fuse', type: 'c', major: 10, minor: 229, fileMode: 0o600, uid: 5, gid: 6 },
        { path: '/dev/deep/down/pipe', type: 'p', fileMode: 0o644 },
      ],
      resources: {
        devices: [
          { allow: false, access: 'rwm' },
          { allow: true, type: 'c', major: 10, minor: 229, access: 'rw' },
        ],
      },
    },
  }),
  'create-with-hooks': leastInput(
    {
      hooks: {
        prestart: [{ path: '/usr/bin/setkey', args: ['setkey', 'net'], env: ['A=b'], timeout: 5 }],
        createRuntime: [{ path: '/usr/bin/runtime-hook' }],
        createContainer: [{ path: '/usr/bin/container-hook' }],
        startContainer: [{ path: '/bin/inside' }],
        poststop: [{ path: '/usr/bin/gone' }],
      },
      process: { args: ['httpd'], env: ['PATH=/bin:/usr/bin'] },
      linux: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW' } },
    },
    {
      hold: true,
      keyring: true,
      hookState: { ociVersion: '1.3.0', id: 'web', bundle: '/bundle', annotations: { a: 'b' } },
    },
  ),
  'seccomp-agent': leastInput(
    {
      process: { noNewPrivileges: true },
      linux: {
        seccomp: {
          defaultAction: 'SCMP_ACT_ALLOW',
          flags: ['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV', 'SECCOMP_FILTER_FLAG_LOG'],
          listenerPath: '/run/agent.sock',
          listenerMetadata: 'for the agent',
          syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }],
        },
      },
    },
    { hold: true, hookState: { ociVersion: '1.3.0', id: 'web', bundle: '/bundle' } },
  ),
  scheduling: leastInput({
    process: {
      scheduler: { policy: 'SCHED_BATCH', nice: 5, flags: ['SCHED_FLAG_RESET_ON_FORK'] },
      ioPriority: { class: 'IOPRIO_CLASS_IDLE' },
    },
    linux: {
      personality: { domain: 'LINUX32' },
      memoryPolicy: { mode: 'MPOL_BIND', nodes: '0-1', flags: ['MPOL_F_STATIC_NODES'] },
    },
  }),
  'net-devices': leastInput(
    {
      linux: {
        namespaces: [{ type: 'mount' }, { type: 'network' }],
        netDevices: { dummy0: { name: 'eth7' } },
      },
    },
    {
      host: {
        ...HOST,
        netDevices: { dummy0: { index: 12, addresses: [{ address: '192.0.2.7', prefixLength: 24 }] } },
      },
    },
  ),
  'masked-paths': leastInput({
    mounts: [PROC],
    linux: {
      maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/acpi', '/sys/firmware', '/srv/who/knows', '/srv/too'],
      readonlyPaths: ['/proc/sys', '/proc/bus'],
    },
  }),
  init: leastInput(
    {
      process: {
        args: ['sleep', '1'],
        env: ['A=b', 'PATH=/bin::/sbin'],
        cwd: '/deep/down',
        user: { uid: 1000, gid: 1000, umask: 0o77, additionalGids: [10, 20] },
        capabilities: {
          bounding: ['CAP_CHOWN', 'CAP_KILL'],
          effective: ['CAP_KILL'],
          permitted: ['CAP_CHOWN', 'CAP_KILL'],
          inheritable: ['CAP_KILL'],
          ambient: ['CAP_CHOWN', 'CAP_KILL'],
        },
        noNewPrivileges: true,
        oomScoreAdj: 500,
        rlimits: [{ type: 'RLIMIT_CORE', soft: 0, hard: 2 ** 64 }],
        apparmorProfile: 'tinyctr-default',
      },
      linux: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW' } },
    },
    { init: true },
  ),
}
