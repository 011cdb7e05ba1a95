/**
 * The types of the OCI runtime specification, version 1.3, for Linux: the one config model of tinyctr.
 * They are generated from its JSON schemas (`npm run generate`); the amendments are in schema-amendments.ts.
 *
 * Numbers past 2^53 are rounded by JSON.parse: 2^64-1 ("no limit") reads as 2^64.
 */
import type { Capabilities, Hooks } from './generated/runtime-spec-types.ts'

/** The version tinyctr implements, and writes into what it makes. */
export const OCI_VERSION = '1.3.0'

export type {
  BlockIO,
  BlockIOThrottle,
  BlockIOWeight,
  Capabilities,
  Config,
  ConsoleSize,
  CPU,
  Device,
  DeviceRule,
  DeviceRuleType,
  DeviceType,
  ExecCPUAffinity,
  Features,
  FeaturesLinux,
  Hook,
  Hooks,
  HugepageLimit,
  IDMapping,
  IntelRdt,
  IOPriority,
  IOPriorityClass,
  Linux,
  Memory,
  MemoryPolicy,
  MemoryPolicyFlag,
  MemoryPolicyMode,
  Mount,
  Namespace,
  NamespaceType,
  NetDevice,
  Network,
  Personality,
  PersonalityDomain,
  Pids,
  Process,
  Rdma,
  Resources,
  Rlimit,
  RlimitType,
  Root,
  RootfsPropagation,
  Scheduler,
  SchedulerFlag,
  SchedulerPolicy,
  Seccomp,
  SeccompAction,
  SeccompArch,
  SeccompArg,
  SeccompFlag,
  SeccompOperator,
  SeccompSyscall,
  State,
  Status,
  TimeOffset,
  TimeOffsets,
  User,
} from './generated/runtime-spec-types.ts'

/** `bounding`, `effective`, `permitted`, `inheritable`, `ambient`. */
export type CapabilitySet = keyof Capabilities
/** `prestart`, `createRuntime`, `createContainer`, `startContainer`, `poststart`, `poststop`. */
export type HookName = keyof Hooks
