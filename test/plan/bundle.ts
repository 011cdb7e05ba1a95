/** A bundle of one busybox and a config with something to see in every corner. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../src/oci/runtime-spec.ts'

export const busybox = '/bin/busybox'
const APPLETS = [
  'sh',
  'cat',
  'env',
  'grep',
  'hostname',
  'id',
  'ls',
  'pwd',
  'readlink',
  'sleep',
  'sort',
  'true',
]

export const cannotRun =
  process.getuid?.() !== 0 ? 'needs root' : !existsSync(busybox) ? 'needs busybox-static' : false

export function makeBundle(): string {
  const bundle = mkdtempSync(join(tmpdir(), 'tinyctr-bundle-'))
  for (const folder of ['bin', 'dev', 'proc', 'sys', 'tmp', 'tmp/below', 'mnt', '../data/mapped'])
    mkdirSync(join(bundle, 'rootfs', folder), { recursive: true })
  copyFileSync(busybox, join(bundle, 'rootfs/bin/busybox'))
  for (const name of APPLETS) symlinkSync('busybox', join(bundle, 'rootfs/bin', name))
  writeFileSync(join(bundle, 'rootfs/tmp/below/file'), 'copied up\n', { mode: 0o604 })
  symlinkSync('below/file', join(bundle, 'rootfs/tmp/link'))
  writeFileSync(join(bundle, 'rootfs/bin/not-executable'), '#!/bin/sh\n', { mode: 0o644 })
  return bundle
}

export function writeConfig(bundle: string, config: Config): void {
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config))
}

const CAPABILITIES = ['CAP_CHOWN', 'CAP_KILL', 'CAP_NET_RAW']

export const richConfig = (args: string[]): Config => ({
  ociVersion: '1.2.0',
  hostname: 'looking-glass',
  root: { path: 'rootfs', readonly: true },
  process: {
    args,
    cwd: '/tmp',
    env: ['PATH=/sbin:/bin', 'COLOUR=grün'],
    user: { uid: 1000, gid: 1001, umask: 0o27, additionalGids: [5, 7] },
    noNewPrivileges: true,
    oomScoreAdj: 77,
    rlimits: [{ type: 'RLIMIT_NOFILE', soft: 100, hard: 200 }],
    capabilities: {
      bounding: CAPABILITIES,
      permitted: CAPABILITIES,
      effective: CAPABILITIES,
      inheritable: ['CAP_KILL'],
      ambient: ['CAP_KILL'],
    },
  },
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc' },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
    { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['newinstance', 'ptmxmode=0666'] },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['tmpcopyup', 'mode=1777'] },
    { destination: '/mnt', type: 'bind', source: 'data', options: ['rbind', 'ro', 'nosuid'] },
  ],
  linux: {
    namespaces: ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'].map((type) => ({ type }) as never),
    maskedPaths: ['/proc/kcore', '/proc/keys', '/sys/firmware'],
    readonlyPaths: ['/proc/sys', '/proc/bus'],
    sysctl: { 'net.ipv4.ip_unprivileged_port_start': '80' },
    seccomp: {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
    },
  },
})

export function inUserNamespace(config: Config): Config {
  const map = [{ containerID: 0, hostID: 100_000, size: 65_536 }]
  const { sysctl: _, ...linux } = config.linux ?? {}
  const { oomScoreAdj: __, ...program } = config.process as NonNullable<Config['process']>
  return {
    ...config,
    process: program,
    linux: {
      ...linux,
      namespaces: [...(linux.namespaces ?? []), { type: 'user' }],
      uidMappings: map,
      gidMappings: map,
    },
  }
}
