/** The flags of `run`, which are Docker's, in the order of their names; tinyctr's own stand at the end. */
import { parseCapability } from '../../engine/config/capabilities-flag.ts'
import { parseBytesRate, parseDevice, parseOperationsRate } from '../../engine/config/device-flag.ts'
import { parseLabel, parseVariable } from '../../engine/config/env-file.ts'
import { parseCount, parseInteger } from '../../engine/config/integer.ts'
import { parseMount } from '../../engine/config/mount-flag.ts'
import { parseBlkioWeight, parseCpus, parseCpuset } from '../../engine/config/resources.ts'
import { parseSecurityOption } from '../../engine/config/security-option.ts'
import { parseSize, parseSwapSize } from '../../engine/config/size.ts'
import { parseSysctl } from '../../engine/config/sysctl-flag.ts'
import { parseTmpfs } from '../../engine/config/tmpfs-options.ts'
import { parseUlimit } from '../../engine/config/ulimit.ts'
import { parseVolume } from '../../engine/config/volume-flag.ts'
import {
  parseAddHost,
  parseAddress,
  parseContainerName,
  parseHostname,
  parseSearchDomain,
} from '../../engine/network/network-name.ts'
import type { FlagTable, FlagValues } from '../flag.ts'
import { lifeFlags } from './life-flags.ts'
import { runNetworkFlags } from './run-network-flags.ts'
import {
  parseFolder,
  parseIpcMode,
  parseNamespaceMode,
  parseOomScore,
  parsePidMode,
  parsePlatformName,
  parseSkip,
  parseUser,
} from './run-values.ts'

export const runFlags = {
  ...runNetworkFlags,
  ...lifeFlags,
  'add-host': { takes: 'many', value: 'HOST:IP', parse: parseAddHost, help: 'Add a name to /etc/hosts' },
  annotation: {
    takes: 'many',
    value: 'KEY=VALUE',
    parse: parseLabel,
    help: 'Add an annotation to the OCI config',
  },
  'blkio-weight': {
    takes: 'one',
    value: 'WEIGHT',
    parse: parseBlkioWeight,
    help: 'Block I/O weight, 10 to 1000, or 0 for none',
  },
  'cap-add': { takes: 'many', value: 'CAP', parse: parseCapability, help: 'Add Linux capabilities' },
  'cap-drop': { takes: 'many', value: 'CAP', parse: parseCapability, help: 'Drop Linux capabilities' },
  'cgroup-parent': { takes: 'one', value: 'PATH', help: 'Parent cgroup of the container' },
  cgroupns: {
    takes: 'one',
    value: 'MODE',
    parse: parseNamespaceMode,
    help: 'Cgroup namespace: host or private',
  },
  'cpu-period': { takes: 'one', value: 'MICROSECONDS', parse: parseCount, help: 'CPU bandwidth period' },
  'cpu-quota': { takes: 'one', value: 'MICROSECONDS', parse: parseInteger, help: 'CPU time in each period' },
  'cpu-shares': {
    takes: 'one',
    short: 'c',
    value: 'SHARES',
    parse: parseCount,
    help: 'CPU shares (relative weight)',
  },
  cpus: { takes: 'one', value: 'NUMBER', parse: parseCpus, help: 'Number of CPUs, such as 1.5' },
  'cpuset-cpus': { takes: 'one', value: 'LIST', parse: parseCpuset, help: 'CPUs to run on, such as 0-3,6' },
  'cpuset-mems': { takes: 'one', value: 'LIST', parse: parseCpuset, help: 'Memory nodes to allocate from' },
  device: { takes: 'many', value: 'HOST[:CONTAINER][:rwm]', parse: parseDevice, help: 'Add a host device' },
  'device-read-bps': {
    takes: 'many',
    value: 'PATH:RATE',
    parse: parseBytesRate,
    help: 'Limit bytes a second read from a device',
  },
  'device-read-iops': {
    takes: 'many',
    value: 'PATH:RATE',
    parse: parseOperationsRate,
    help: 'Limit reads a second from a device',
  },
  'device-write-bps': {
    takes: 'many',
    value: 'PATH:RATE',
    parse: parseBytesRate,
    help: 'Limit bytes a second written to a device',
  },
  'device-write-iops': {
    takes: 'many',
    value: 'PATH:RATE',
    parse: parseOperationsRate,
    help: 'Limit writes a second to a device',
  },
  dns: { takes: 'many', value: 'IP', parse: parseAddress, help: 'Set DNS servers' },
  'dns-opt': { takes: 'as', of: 'dns-option' },
  'dns-option': { takes: 'many', value: 'OPTION', help: 'Set DNS options' },
  'dns-search': { takes: 'many', value: 'DOMAIN', parse: parseSearchDomain, help: 'Set DNS search domains' },
  domainname: { takes: 'one', value: 'NAME', parse: parseHostname, help: 'NIS domain name' },
  entrypoint: { takes: 'one', value: 'COMMAND', help: "Replace the image's ENTRYPOINT; empty takes it away" },
  env: {
    takes: 'many',
    short: 'e',
    value: 'NAME[=VALUE]',
    parse: parseVariable,
    help: 'Set environment variables',
  },
  'env-file': { takes: 'many', value: 'FILE', help: 'Read environment variables from a file' },
  'group-add': { takes: 'many', value: 'GROUP', help: 'Add additional groups to join' },
  hostname: {
    takes: 'one',
    short: 'h',
    value: 'NAME',
    parse: parseHostname,
    help: 'Host name of the container',
  },
  init: { takes: 'nothing', help: 'Run an init inside that forwards signals and reaps processes' },
  interactive: { takes: 'nothing', short: 'i', help: 'Keep standard input open' },
  ipc: {
    takes: 'one',
    value: 'MODE',
    parse: parseIpcMode,
    help: 'IPC namespace: host, private, shareable or none',
  },
  isolation: {
    takes: 'one',
    value: 'HOW',
    choices: ['default', 'process', 'vm', 'vm:kvm', 'vm:uml', 'vm:emulation'],
    help: 'default: namespaces; vm: the same in a kernel of its own, the fastest there is or the one named',
  },
  label: { takes: 'many', short: 'l', value: 'KEY[=VALUE]', parse: parseLabel, help: 'Set labels' },
  'label-file': { takes: 'many', value: 'FILE', help: 'Read labels from a file' },
  memory: { takes: 'one', short: 'm', value: 'SIZE', parse: parseSize, help: 'Memory limit' },
  'memory-reservation': { takes: 'one', value: 'SIZE', parse: parseSize, help: 'Memory soft limit' },
  'memory-swap': {
    takes: 'one',
    value: 'SIZE',
    parse: parseSwapSize,
    help: 'Limit of memory plus swap; -1 for unlimited swap',
  },
  mount: {
    takes: 'many',
    value: 'OPTIONS',
    parse: parseMount,
    help: 'Attach a filesystem: type=bind|volume|tmpfs,...',
  },
  name: { takes: 'one', value: 'NAME', parse: parseContainerName, help: 'Name of the container' },
  'oom-score-adj': {
    takes: 'one',
    value: 'SCORE',
    parse: parseOomScore,
    help: 'OOM preference, -1000 to 1000',
  },
  pid: {
    takes: 'one',
    value: 'MODE',
    parse: parsePidMode,
    help: 'PID namespace: host, private or container:NAME',
  },
  'pids-limit': {
    takes: 'one',
    value: 'NUMBER',
    parse: parseInteger,
    help: 'Limit of processes; -1 for none',
  },
  platform: { takes: 'one', value: 'OS/ARCH', parse: parsePlatformName, help: 'Platform of the image' },
  privileged: { takes: 'nothing', help: 'All capabilities and devices, no filter, nothing masked' },
  pull: {
    takes: 'one',
    value: 'WHEN',
    choices: ['always', 'missing', 'never'],
    help: 'Pull the image before running: always, missing (default) or never',
  },
  quiet: { takes: 'nothing', short: 'q', help: 'No progress while pulling' },
  'read-only': { takes: 'nothing', help: "Make the container's root read-only" },
  'security-opt': {
    takes: 'many',
    value: 'OPTION',
    parse: parseSecurityOption,
    help: 'seccomp=FILE|unconfined, no-new-privileges, apparmor=, label=disable, systempaths=unconfined',
  },
  'shm-size': { takes: 'one', value: 'SIZE', parse: parseSize, help: 'Size of /dev/shm' },
  sysctl: {
    takes: 'many',
    value: 'NAME=VALUE',
    parse: parseSysctl,
    help: 'Set kernel parameters of its namespaces',
  },
  tmpfs: { takes: 'many', value: 'PATH[:OPTIONS]', parse: parseTmpfs, help: 'Mount a tmpfs' },
  tty: { takes: 'nothing', short: 't', help: 'Allocate a terminal' },
  ulimit: {
    takes: 'many',
    value: 'NAME=SOFT[:HARD]',
    parse: parseUlimit,
    help: 'Set resource limits of processes',
  },
  user: {
    takes: 'one',
    short: 'u',
    value: 'USER[:GROUP]',
    parse: parseUser,
    help: 'User name or id to run as',
  },
  userns: { takes: 'one', value: 'MODE', parse: parseNamespaceMode, help: 'User namespace: host or private' },
  uts: { takes: 'one', value: 'MODE', parse: parseNamespaceMode, help: 'UTS namespace: host or private' },
  volume: {
    takes: 'many',
    short: 'v',
    value: '[SOURCE:]PATH[:ro]',
    parse: parseVolume,
    help: 'Mount a folder, a named volume, or a new volume',
    completes: 'volumes',
  },
  'volumes-from': {
    takes: 'many',
    value: 'CONTAINER[:ro]',
    help: 'Mount the volumes of another container',
    completes: 'containers',
  },
  workdir: { takes: 'one', short: 'w', value: 'PATH', parse: parseFolder, help: 'Working folder inside' },

  bundle: { takes: 'one', value: 'DIR', help: 'Run an OCI bundle: DIR/config.json says everything' },
  executor: {
    takes: 'one',
    value: 'NAME',
    choices: ['native', 'ffi'],
    help: 'Who makes the calls: native (the ELF, default) or ffi (TypeScript)',
  },
  'no-cgroup': { takes: 'nothing', help: 'Make no cgroup; limits are then an error' },
  step: { takes: 'nothing', help: 'Walk through the plan call by call' },
  skip: {
    takes: 'many',
    value: 'N|CALL',
    parse: parseSkip,
    help: 'Leave out step N of the plan, or each that makes CALL, to see what breaks',
  },
} as const satisfies FlagTable

export type RunFlagValues = FlagValues<typeof runFlags>

/** What Docker's `run` has besides: known, so that the error is not "unknown flag". */
export const laterRunFlags: readonly string[] =
  'blkio-weight-device cpu-rt-period cpu-rt-runtime device-cgroup-rule disable-content-trust gpus kernel-memory link link-local-ip memory-swappiness oom-kill-disable runtime storage-opt use-api-socket volume-driver'.split(
    ' ',
  )
