/**
 * `features` (runtime-spec features.md): what this build knows, whatever the host has; but for what names the kernel
 * (`supportedFlags`, namespaces, capabilities), which is asked.
 */

import { CAPABILITIES } from '../linux/abi/capability.ts'
import { AT, SECCOMP_FILTER_FLAG } from '../linux/abi/flags.ts'
import { seccompArchitectures } from '../linux/abi/seccomp-arch.ts'
import { attempt } from '../linux/call.ts'
import { readTextIfAny } from '../linux/file.ts'
import type { Features, FeaturesLinux, NamespaceType, SeccompFlag } from '../oci/runtime-spec.ts'
import { MOUNT_OPTIONS } from '../plan/mount-options.ts'
import { SECCOMP_ACTIONS, SECCOMP_OPERATORS } from '../plan/seccomp/rules.ts'

export function features(version: string): Features {
  return {
    ociVersionMin: '1.0.0',
    ociVersionMax: '1.3.0',
    hooks: ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'],
    mountOptions: [...MOUNT_OPTIONS].sort(),
    linux: linuxFeatures(),
    annotations: { 'org.tinyctr.version': version },
  }
}

function linuxFeatures(): FeaturesLinux {
  return {
    namespaces: NAMESPACES.filter(([, file]) => fileExists(`/proc/self/ns/${file}`)).map(([type]) => type),
    capabilities: CAPABILITIES.slice(0, Number(readTextIfAny('/proc/sys/kernel/cap_last_cap') ?? '40') + 1),
    cgroup: {
      v1: false,
      v2: true,
      systemd: true,
      systemdUser: true,
      rdma: true,
    },
    seccomp: {
      enabled: true,
      actions: [...SECCOMP_ACTIONS],
      operators: [...SECCOMP_OPERATORS],
      archs: [...seccompArchitectures],
      knownFlags: SECCOMP_FLAGS.map(([name]) => name),
      supportedFlags: SECCOMP_FLAGS.filter(([, flag]) => isSeccompFlag(flag)).map(([name]) => name),
    },
    apparmor: { enabled: true },
    selinux: { enabled: true },
    intelRdt: { enabled: true, schemata: true, monitoring: true },
    mountExtensions: { idmap: { enabled: true } },
    netDevices: { enabled: true },
  }
}

const NAMESPACES: readonly (readonly [NamespaceType, string])[] = [
  ['cgroup', 'cgroup'],
  ['ipc', 'ipc'],
  ['mount', 'mnt'],
  ['network', 'net'],
  ['pid', 'pid'],
  ['time', 'time'],
  ['user', 'user'],
  ['uts', 'uts'],
]

function fileExists(path: string): boolean {
  return attempt('readlinkat', [AT.FDCWD, path, new Uint8Array(64)]) > 0
}

const SECCOMP_FLAGS: readonly (readonly [SeccompFlag, number])[] = [
  ['SECCOMP_FILTER_FLAG_TSYNC', SECCOMP_FILTER_FLAG.TSYNC],
  ['SECCOMP_FILTER_FLAG_LOG', SECCOMP_FILTER_FLAG.LOG],
  ['SECCOMP_FILTER_FLAG_SPEC_ALLOW', SECCOMP_FILTER_FLAG.SPEC_ALLOW],
  [
    'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV',
    SECCOMP_FILTER_FLAG.WAIT_KILLABLE_RECV | SECCOMP_FILTER_FLAG.NEW_LISTENER,
  ],
]

const SECCOMP_SET_MODE_FILTER = 1
const EFAULT = 14

/** A filter at address 0: a kernel that knows the flag gets as far as to read it (seccomp(2)). */
const isSeccompFlag = (flag: number): boolean =>
  attempt('seccomp', [SECCOMP_SET_MODE_FILTER, flag, null as never]) === -EFAULT
