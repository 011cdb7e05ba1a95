/** One valid document of each kind, with every member that a check looks at. */
import type { Config } from '../../src/oci/runtime-spec.ts'

const mapping = [{ containerID: 0, hostID: 100000, size: 65536 }]
const set = ['CAP_KILL', 'CAP_CHOWN']

export const richConfig: Config = {
  ociVersion: '1.3.0',
  root: { path: 'rootfs', readonly: true },
  hostname: 'box',
  domainname: 'example.org',
  annotations: { 'org.example.key': 'value' },
  hooks: { createRuntime: [{ path: '/bin/hook', args: ['hook'], env: ['A=b'], timeout: 5 }] },
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc' },
    {
      destination: '/data',
      type: 'none',
      source: '/srv',
      options: ['rbind', 'idmap'],
      uidMappings: mapping,
      gidMappings: mapping,
    },
  ],
  process: {
    terminal: false,
    consoleSize: { height: 24, width: 80 },
    cwd: '/',
    args: ['sh'],
    env: ['PATH=/bin', 'EMPTY='],
    user: { uid: 0, gid: 0, umask: 18, additionalGids: [5] },
    capabilities: { bounding: set, effective: set, inheritable: set, permitted: set, ambient: set },
    rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 2 ** 64 }],
    noNewPrivileges: true,
    oomScoreAdj: -500,
    ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 4 },
    scheduler: { policy: 'SCHED_FIFO', priority: 10, flags: ['SCHED_FLAG_RESET_ON_FORK'] },
    execCPUAffinity: { initial: '0-1', final: '0,3' },
  },
  linux: {
    namespaces: [
      { type: 'pid' },
      { type: 'network', path: '/run/netns/a' },
      { type: 'mount' },
      { type: 'uts' },
      { type: 'ipc' },
      { type: 'user' },
      { type: 'time' },
    ],
    uidMappings: mapping,
    gidMappings: mapping,
    timeOffsets: { boottime: { secs: -5, nanosecs: 3 }, monotonic: { secs: 5 } },
    devices: [{ type: 'c', path: '/dev/fuse', major: 10, minor: 229, fileMode: 0o20666, uid: 0, gid: 0 }],
    netDevices: { eth0: { name: 'inside' } },
    sysctl: { 'net.ipv4.ip_forward': '1' },
    maskedPaths: ['/proc/kcore'],
    readonlyPaths: ['/proc/sys'],
    cgroupsPath: '/tinyctr/box',
    rootfsPropagation: 'rslave',
    personality: { domain: 'LINUX' },
    memoryPolicy: { mode: 'MPOL_BIND', nodes: '0', flags: ['MPOL_F_STATIC_NODES'] },
    intelRdt: { closID: 'a', memBwSchema: 'MB:0=20', schemata: ['L3:0=f'], enableMonitoring: true },
    resources: {
      unified: { 'memory.high': 'max' },
      devices: [{ allow: false, type: 'a', access: 'rwm' }],
      memory: { limit: 1 << 29, swap: -1, checkBeforeUpdate: true },
      cpu: { shares: 1024, quota: 100000, burst: 1000, period: 100000, cpus: '0-1' },
      pids: { limit: 100 },
      hugepageLimits: [{ pageSize: '2MB', limit: 0 }],
      rdma: { mlx5_1: { hcaHandles: 3 } },
      network: { classID: 1, priorities: [{ name: 'eth0', priority: 5 }] },
      blockIO: {
        weight: 10,
        weightDevice: [{ major: 8, minor: 0, weight: 500 }],
        throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 600 }],
      },
    },
    seccomp: {
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      architectures: ['SCMP_ARCH_X86_64'],
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      listenerPath: '/run/agent.sock',
      listenerMetadata: 'x',
      syscalls: [
        {
          names: ['clone'],
          action: 'SCMP_ACT_ALLOW',
          args: [{ index: 0, value: 2114060288, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
        },
        { names: ['mount'], action: 'SCMP_ACT_NOTIFY' },
        { names: ['bpf'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 },
      ],
    },
  },
}

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`
const descriptor = {
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  size: 32654,
  digest,
  urls: ['https://example.org/blob'],
  annotations: { a: 'b' },
}

export const imageManifest = {
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: { ...descriptor, mediaType: 'application/vnd.oci.image.config.v1+json' },
  layers: [descriptor],
  annotations: { a: 'b' },
}

export const imageIndex = {
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: [
    {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      size: 7143,
      digest,
      platform: {
        architecture: 'arm64',
        os: 'linux',
        variant: 'v8',
        'os.version': '1',
        'os.features': ['x'],
      },
    },
  ],
  annotations: { a: 'b' },
}

export const imageConfig = {
  created: '2015-10-31T22:22:56.015925234Z',
  author: 'A. Author',
  architecture: 'amd64',
  os: 'linux',
  config: {
    User: 'alice',
    ExposedPorts: { '8080/tcp': {} },
    Env: ['PATH=/bin'],
    Entrypoint: ['/bin/app'],
    Cmd: null,
    Volumes: { '/var/log': {} },
    WorkingDir: '/home/alice',
    Labels: { a: 'b' },
    StopSignal: 'SIGTERM',
  },
  rootfs: { diff_ids: [digest], type: 'layers' },
  history: [
    {
      created: '2015-10-31T22:22:54.690851953Z',
      created_by: '/bin/sh -c #(nop) ADD file',
      empty_layer: false,
    },
  ],
}
