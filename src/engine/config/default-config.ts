/** What every container gets unless its flags say otherwise: moby's daemon/pkg/oci/defaults.go, July 2025, as data. */
import type { DeviceRule, Mount } from '../../oci/runtime-spec.ts'

/** In the order they are mounted: a folder before what is in it. */
export const defaultMounts: readonly Readonly<Mount>[] = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
  },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
  },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
  {
    destination: '/sys/fs/cgroup',
    type: 'cgroup',
    source: 'cgroup',
    options: ['ro', 'nosuid', 'noexec', 'nodev'],
  },
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'mode=1777'],
  },
]

export const defaultMaskedPaths: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  // Tells keystrokes by their timing (GHSA-6fw5-f8r9-fgfm), as do the thermal_throttle folders (HostFacts).
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  // Tells secrets by the power they take (GHSA-jq35-85cj-fj4p).
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
]

export const defaultReadonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
]

const allow = (major: number, minor: number): DeviceRule => ({
  allow: true,
  type: 'c',
  major,
  minor,
  access: 'rwm',
})

/** Nothing but zero, null, urandom, random, tty and console; what the runtime-spec adds, the plan allows itself. */
export const defaultDeviceRules: readonly DeviceRule[] = [
  { allow: false, access: 'rwm' },
  allow(1, 5),
  allow(1, 3),
  allow(1, 9),
  allow(1, 8),
  allow(5, 0),
  allow(5, 1),
]
