/**
 * How the kernel treats the process: when it runs (sched(7)), when its I/O is done (ioprio_set(2)), where its memory lies
 * (set_mempolicy(2)), and which machine it believes to be on (personality(2)). All are kept over execve and need what
 * the user is about to give up.
 */
import { ConfigError } from '../errors.ts'
import { IOPRIO_WHO, MPOL, MPOL_F } from '../linux/abi/flags.ts'
import type { Config, IOPriorityClass, SchedulerFlag, SchedulerPolicy } from '../oci/runtime-spec.ts'
import { bitMask } from './bit-list.ts'
import { call, type Step } from './step.ts'

export const schedulingSteps = (config: Config): Step[] => [
  ...personalitySteps(config),
  ...schedulerSteps(config),
  ...ioPrioritySteps(config),
  ...memoryPolicySteps(config),
]

const PERSONALITY = { LINUX: 0, LINUX32: 8 } as const

function personalitySteps(config: Config): Step[] {
  const personality = config.linux?.personality
  if (!personality) return []
  const at = '/linux/personality'
  const { domain, flags = [] } = personality
  if (flags.length > 0)
    throw new ConfigError(`${at}/flags`, 'expected none: the specification has no flags yet')
  return [
    call('personality', [{ name: `PER_${domain}`, value: PERSONALITY[domain] }], {
      why: 'what uname(2) says of the machine',
      at,
    }),
  ]
}

const POLICY: Readonly<Record<SchedulerPolicy, number>> = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
}

const FLAG: Readonly<Record<SchedulerFlag, number>> = {
  SCHED_FLAG_RESET_ON_FORK: 0x01,
  SCHED_FLAG_RECLAIM: 0x02,
  SCHED_FLAG_DL_OVERRUN: 0x04,
  SCHED_FLAG_KEEP_POLICY: 0x08,
  SCHED_FLAG_KEEP_PARAMS: 0x10,
  SCHED_FLAG_UTIL_CLAMP_MIN: 0x20,
  SCHED_FLAG_UTIL_CLAMP_MAX: 0x40,
}

const SIZEOF_SCHED_ATTR = 48

function schedulerSteps(config: Config): Step[] {
  const scheduler = config.process?.scheduler
  if (!scheduler) return []
  const { policy, nice = 0, priority = 0, flags = [], runtime = 0, deadline = 0, period = 0 } = scheduler
  const attributes = {
    size: SIZEOF_SCHED_ATTR,
    sched_policy: POLICY[policy],
    sched_flags: flags.reduce((bits, flag) => bits | FLAG[flag], 0),
    sched_nice: nice,
    sched_priority: priority,
    sched_runtime: runtime,
    sched_deadline: deadline,
    sched_period: period,
  }
  return [call('sched_setattr', [0, attributes, 0], { why: `run as ${policy}`, at: '/process/scheduler' })]
}

const IO_CLASS: Readonly<Record<IOPriorityClass, number>> = {
  IOPRIO_CLASS_RT: 1,
  IOPRIO_CLASS_BE: 2,
  IOPRIO_CLASS_IDLE: 3,
}
const IOPRIO_CLASS_SHIFT = 13

function ioPrioritySteps(config: Config): Step[] {
  const wanted = config.process?.ioPriority
  if (!wanted) return []
  const { class: name, priority = 0 } = wanted
  const value = (IO_CLASS[name] << IOPRIO_CLASS_SHIFT) | priority
  return [
    call('ioprio_set', [IOPRIO_WHO.PROCESS, 0, { name: `${name}|${priority}`, value }], {
      why: 'whose I/O is done first',
      at: '/process/ioPriority',
    }),
  ]
}

function memoryPolicySteps(config: Config): Step[] {
  const policy = config.linux?.memoryPolicy
  if (!policy?.mode) return []
  const at = '/linux/memoryPolicy'
  const mode = MPOL[policy.mode.replace('MPOL_', '') as keyof typeof MPOL]
  const flags = (policy.flags ?? []).reduce(
    (bits, flag) => bits | MPOL_F[flag.replace('MPOL_F_', '') as keyof typeof MPOL_F],
    0,
  )
  const nodes = bitMask(policy.nodes ?? '', `${at}/nodes`)
  // The kernel looks at one bit less than it is told (get_nodes in mm/mempolicy.c).
  const bits = policy.nodes ? nodes.length * 8 + 1 : 1
  const name = [policy.mode, ...(policy.flags ?? [])].join('|')
  return [
    call('set_mempolicy', [{ name, value: mode | flags }, nodes, bits], {
      why: 'which nodes its memory comes from',
      at,
    }),
  ]
}

const AFFINITY = '/process/execCPUAffinity'
/** Every processor there may be: the kernel takes those that the cgroup allows. */
const ALL_PROCESSORS = new Uint8Array(128).fill(0xff)

/** Of an exec: where it runs until it is in the container's cgroup. */
export function initialAffinitySteps(config: Config): Step[] {
  const initial = config.process?.execCPUAffinity?.initial
  if (!initial) return []
  return [
    call('sched_setaffinity', [0, bitMask(initial, `${AFFINITY}/initial`)], {
      why: `until it is in the container's cgroup, on ${initial}`,
      at: `${AFFINITY}/initial`,
    }),
  ]
}

/** And from then on. */
export function finalAffinitySteps(config: Config): Step[] {
  const final = config.process?.execCPUAffinity?.final
  if (!final) return [anyProcessorStep()]
  const at = `${AFFINITY}/final`
  return [call('sched_setaffinity', [0, bitMask(final, at)], { why: `then on ${final}`, at })]
}

/** Linux 6.2 and later keep what a process was bound to when its cgroup changes. */
export const anyProcessorStep = (): Step =>
  call('sched_setaffinity', [0, ALL_PROCESSORS], {
    tolerate: ['EINVAL'],
    why: 'wherever its cgroup allows, not where its caller was bound to',
  })
