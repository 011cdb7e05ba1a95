/**
 * Which devices the container may use: `linux.resources.devices` as an eBPF program of its cgroup
 * (bpf(2), BPF_PROG_TYPE_CGROUP_DEVICE; include/uapi/linux/bpf.h, struct bpf_cgroup_dev_ctx).
 *
 * The kernel asks it with {access << 16 | type, major, minor}. Rules are tried from the last to the first, as the spec's
 * "later entries win" has it; each of read, write and mknod is decided by the first that names it; no rule means no.
 */
import { BPF, BPF_CGROUP, BPF_PROG_TYPE } from '../linux/abi/flags.ts'
import type { Slot } from '../linux/abi/kinds.ts'
import type { Capabilities, Config, DeviceRule } from '../oci/runtime-spec.ts'
import type { Host } from './host.ts'
import { call, type Step, slot, struct } from './step.ts'

const POINTER = '/linux/resources/devices'
const ACCESS = { m: 1, r: 2, w: 4 } as const
const TYPE = { b: 1, c: 2 } as const

/**
 * Opcodes of the eBPF instruction set (RFC 9669). Registers: r1 context, then scratch; r2 type; r3 what is asked for and
 * not yet decided; r4 major; r5 minor.
 */
const LDX_W = 0x61
const ALU_AND = 0x54
const ALU_RSH = 0x74
const MOV = 0xb4
const MOV_X = 0xbc
const JNE_IMM = 0x56
const JEQ_IMM = 0x16
const EXIT = 0x95

const instruction = (
  code: number,
  dst: number,
  src: number,
  offset: number,
  immediate: number,
): Uint8Array => {
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, code)
  view.setUint8(1, (src << 4) | dst)
  view.setInt16(2, offset, true)
  view.setInt32(4, immediate, true)
  return bytes
}

const accessBits = (access: string | undefined): number =>
  [...(access || 'rwm')].reduce((bits, letter) => bits | ACCESS[letter as keyof typeof ACCESS], 0)

const ALL_ACCESS = 7

/** One rule: jumps behind itself when type, major or minor do not fit, or when it leaves something to decide. */
function ruleInstructions(rule: DeviceRule): Uint8Array[] {
  const { type, major, minor } = rule
  const access = accessBits(rule.access)
  const fits: Jump[] = []
  if (type === 'b' || type === 'c') fits.push((skip) => instruction(JNE_IMM, 2, 0, skip, TYPE[type]))
  if (major !== undefined && major >= 0) fits.push((skip) => instruction(JNE_IMM, 4, 0, skip, major))
  if (minor !== undefined && minor >= 0) fits.push((skip) => instruction(JNE_IMM, 5, 0, skip, minor))
  const decides = access === ALL_ACCESS ? [] : rule.allow ? allows(access) : denies(access)
  const body = [...fits, ...decides, ...verdict(rule.allow)]
  return body.map((one, i) => (typeof one === 'function' ? one(body.length - i - 1) : one))
}

type Jump = (skip: number) => Uint8Array

/** What the rule allows is no longer asked for; yes once nothing is. */
const allows = (access: number): (Uint8Array | Jump)[] => [
  instruction(ALU_AND, 3, 0, 0, ALL_ACCESS & ~access),
  (skip) => instruction(JNE_IMM, 3, 0, skip, 0),
]

/** No as soon as one thing that is still asked for is denied. */
const denies = (access: number): (Uint8Array | Jump)[] => [
  instruction(MOV_X, 1, 3, 0, 0),
  instruction(ALU_AND, 1, 0, 0, access),
  (skip) => instruction(JEQ_IMM, 1, 0, skip, 0),
]

const verdict = (allow: boolean): Uint8Array[] => [
  instruction(MOV, 0, 0, 0, allow ? 1 : 0),
  instruction(EXIT, 0, 0, 0, 0),
]

/** From the last to the first that fits everything: what stands before it is never asked, and the verifier refuses it. */
function decisiveRules(rules: readonly DeviceRule[]): DeviceRule[] {
  const decisive: DeviceRule[] = []
  for (const rule of [...rules].reverse()) {
    decisive.push(rule)
    if (fitsEverything(rule)) return decisive
  }
  return [...decisive, { allow: false }]
}

/** The whole program, 8 bytes an instruction. */
export function compileDeviceFilter(rules: readonly DeviceRule[]): Uint8Array {
  const instructions = [
    instruction(LDX_W, 2, 1, 0, 0),
    instruction(ALU_AND, 2, 0, 0, 0xffff),
    instruction(LDX_W, 3, 1, 0, 0),
    instruction(ALU_RSH, 3, 0, 0, 16),
    instruction(LDX_W, 4, 1, 4, 0),
    instruction(LDX_W, 5, 1, 8, 0),
    ...decisiveRules(rules).flatMap(ruleInstructions),
  ]
  const bytes = new Uint8Array(instructions.length * 8)
  instructions.forEach((one, i) => {
    bytes.set(one, i * 8)
  })
  return bytes
}

const fitsEverything = (rule: DeviceRule): boolean =>
  (rule.type ?? 'a') === 'a' &&
  (rule.major ?? -1) < 0 &&
  (rule.minor ?? -1) < 0 &&
  accessBits(rule.access) === ALL_ACCESS

/** Without rules nothing was asked for, and a last rule that allows everything restricts nothing. */
const isRestricted = (config: Config): boolean => {
  const last = config.linux?.resources?.devices?.at(-1)
  return last !== undefined && !(last.allow && fitsEverything(last))
}

/**
 * Where the kernel cannot filter devices, the container must not make any: what is in its /dev is then all there is.
 * A user namespace cannot make devices anyway.
 */
export function withoutMknod(config: Config, host: Host): Config {
  const { process } = config
  const sets = process?.capabilities
  if (!process || !sets || host.cgroupBpf || host.euid !== 0 || !isRestricted(config)) return config
  const kept: Capabilities = {}
  for (const set of Object.keys(sets) as (keyof Capabilities)[]) {
    kept[set] = (sets[set] ?? []).filter((name) => name !== 'CAP_MKNOD')
  }
  return { ...config, process: { ...process, capabilities: kept } }
}

/** Devices that every container may use, whatever the rules say (runc's AllowedDevices). */
const ALWAYS: readonly DeviceRule[] = [
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...[
    [1, 3],
    [1, 5],
    [1, 7],
    [1, 8],
    [1, 9],
    [5, 0],
    [5, 2],
  ].map(([major, minor]) => ({
    allow: true,
    type: 'c' as const,
    major: major as number,
    minor: minor as number,
    access: 'rwm',
  })),
  { allow: true, type: 'c', major: 136, access: 'rwm' },
]

/** @param cgroup the open directory of the container's cgroup */
export function deviceFilterSteps(config: Config, host: Host, cgroup: Slot): Step[] {
  if (!isRestricted(config) || !host.cgroupBpf) return []
  const rules = config.linux?.resources?.devices ?? []
  const program = slot('device_filter')
  const instructions = compileDeviceFilter([...rules, ...ALWAYS])
  const load = struct('bpf_prog_load', {
    prog_type: BPF_PROG_TYPE.CGROUP_DEVICE,
    insn_cnt: instructions.length / 8,
    insns: instructions,
    license: 'MIT',
    prog_name: 'tinyctr_devices',
  })
  const attach = struct('bpf_prog_attach', {
    target_fd: cgroup,
    attach_bpf_fd: program,
    attach_type: BPF_CGROUP.DEVICE,
    attach_flags: BPF.F_ALLOW_MULTI,
  })
  return [
    call('bpf', [{ name: 'BPF_PROG_LOAD', value: BPF.PROG_LOAD }, load], {
      into: program,
      why: 'which devices may be made and opened',
      at: POINTER,
    }),
    call('bpf', [{ name: 'BPF_PROG_ATTACH', value: BPF.PROG_ATTACH }, attach], {
      why: 'asked at every mknod and open of a device',
      at: POINTER,
    }),
  ]
}
