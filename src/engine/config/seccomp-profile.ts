/**
 * Docker's seccomp profile format: an OCI profile with `archMap` for `architectures`, and rules that are included or
 * excluded by capability, architecture and kernel version (moby, profiles/seccomp).
 */
import { ConfigError } from '../../errors.ts'
import type { SeccompArchitecture } from '../../linux/abi/seccomp-arch.ts'
import type { Seccomp, SeccompSyscall } from '../../oci/generated/runtime-spec-types.ts'

/** What a profile is resolved for. */
export interface SeccompHost {
  /** The container's bounding set: `CAP_SYS_ADMIN`. */
  readonly capabilities: readonly string[]
  /** As Docker and Go write it: `amd64`, `arm64`. */
  readonly architecture: string
  /** uname -r: `6.18.44-cloud`. */
  readonly kernelRelease: string
}

/** GOARCH to libseccomp's name. */
const NATIVE: { readonly [goarch: string]: SeccompArchitecture } = {
  '386': 'SCMP_ARCH_X86',
  amd64: 'SCMP_ARCH_X86_64',
  arm: 'SCMP_ARCH_ARM',
  arm64: 'SCMP_ARCH_AARCH64',
  loong64: 'SCMP_ARCH_LOONGARCH64',
  mips64: 'SCMP_ARCH_MIPS64',
  mips64le: 'SCMP_ARCH_MIPSEL64',
  ppc64le: 'SCMP_ARCH_PPC64LE',
  riscv64: 'SCMP_ARCH_RISCV64',
  s390x: 'SCMP_ARCH_S390X',
}

type Json = { readonly [name: string]: unknown }

/**
 * `profile`, parsed JSON, as `linux.seccomp`. An OCI profile comes back as it is. Throws ConfigError at the JSON pointer
 * into the profile. What actions, operators and flags there are is for compileSeccomp and seccompFlags to say.
 */
export function resolveSeccompProfile(profile: unknown, host: SeccompHost): Seccomp {
  const root = record(profile, '')
  const { archMap, architectures, syscalls, ...rest } = root
  const defaultAction = string(root.defaultAction, '/defaultAction')
  if (architectures != null && archMap != null && list(architectures, '/architectures').length > 0) {
    if (list(archMap, '/archMap').length > 0)
      fail('/archMap', 'the profile has both architectures and archMap')
  }
  const covered = archMap != null ? mapped(archMap, host) : strings(architectures ?? [], '/architectures')
  const kept: SeccompSyscall[] = []
  for (const [index, value] of list(syscalls ?? [], '/syscalls').entries()) {
    const rule = resolveRule(record(value, `/syscalls/${index}`), `/syscalls/${index}`, host)
    if (rule) kept.push(rule)
  }
  const present = Object.fromEntries(Object.entries(rest).filter(([, value]) => value != null))
  return { ...present, defaultAction, architectures: covered, syscalls: kept } as Seccomp
}

/** The native architecture of `archMap` and those it also runs; none when it is not there: the filter is native. */
function mapped(archMap: unknown, { architecture }: SeccompHost): string[] {
  for (const [index, value] of list(archMap, '/archMap').entries()) {
    const at = `/archMap/${index}`
    const entry = record(value, at)
    const native = string(entry.architecture, `${at}/architecture`)
    if (native !== NATIVE[architecture]) continue
    return [native, ...strings(entry.subArchitectures ?? [], `${at}/subArchitectures`)]
  }
  return []
}

/** A rule of the profile as OCI has it; undefined when it is not for this host. */
function resolveRule(rule: Json, at: string, host: SeccompHost): SeccompSyscall | undefined {
  const { includes, excludes, name, names, comment: _, ...rest } = rule
  if (!isIncluded(record(includes ?? {}, `${at}/includes`), `${at}/includes`, host)) return undefined
  if (isExcluded(record(excludes ?? {}, `${at}/excludes`), `${at}/excludes`, host)) return undefined
  if (name != null && names != null) fail(`${at}/name`, 'the rule has both name and names')
  const all = name != null ? [string(name, `${at}/name`)] : strings(names, `${at}/names`)
  string(rest.action, `${at}/action`)
  if (rest.errnoRet != null) integer(rest.errnoRet, `${at}/errnoRet`)
  for (const [index, value] of list(rest.args ?? [], `${at}/args`).entries()) {
    const argumentAt = `${at}/args/${index}`
    const argument = record(value, argumentAt)
    integer(argument.index, `${argumentAt}/index`)
    integer(argument.value, `${argumentAt}/value`)
    if (argument.valueTwo != null) integer(argument.valueTwo, `${argumentAt}/valueTwo`)
    string(argument.op, `${argumentAt}/op`)
  }
  const present = Object.fromEntries(Object.entries(rest).filter(([, value]) => value != null))
  return { names: all, ...present } as unknown as SeccompSyscall
}

/** All capabilities of `includes`, one of its architectures, and its kernel or a later one. */
function isIncluded(includes: Json, at: string, host: SeccompHost): boolean {
  const caps = strings(includes.caps ?? [], `${at}/caps`)
  const arches = strings(includes.arches ?? [], `${at}/arches`)
  return (
    caps.every((capability) => host.capabilities.includes(capability)) &&
    (arches.length === 0 || arches.includes(host.architecture)) &&
    (includes.minKernel == null || isAtLeast(host.kernelRelease, includes.minKernel, `${at}/minKernel`))
  )
}

/** One capability of `excludes`, one of its architectures, or its kernel or a later one. */
function isExcluded(excludes: Json, at: string, host: SeccompHost): boolean {
  const caps = strings(excludes.caps ?? [], `${at}/caps`)
  const arches = strings(excludes.arches ?? [], `${at}/arches`)
  return (
    caps.some((capability) => host.capabilities.includes(capability)) ||
    arches.includes(host.architecture) ||
    (excludes.minKernel != null && isAtLeast(host.kernelRelease, excludes.minKernel, `${at}/minKernel`))
  )
}

/** By version and major revision alone, as moby: 3.12.25 is 3.12. */
function isAtLeast(release: string, minimum: unknown, at: string): boolean {
  const wanted =
    /^(\d+)\.(\d+)$/.exec(string(minimum, at)) ?? fail(at, `${JSON.stringify(minimum)} is not like 4.8`)
  const [, version, revision] =
    /^(\d+)\.(\d+)/.exec(release) ?? fail(at, `the kernel release ${release} has no version`)
  return Number(version) === Number(wanted[1])
    ? Number(revision) >= Number(wanted[2])
    : Number(version) > Number(wanted[1])
}

function fail(at: string, fact: string): never {
  throw new ConfigError(at, `Cannot read the seccomp profile: ${fact}`)
}
const expected = (what: string, value: unknown, at: string): never =>
  fail(at, value === undefined ? `${what} is missing` : `expected ${what} but found ${JSON.stringify(value)}`)

function record(value: unknown, at: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return expected('an object', value, at)
  return value as Json
}
const list = (value: unknown, at: string): unknown[] =>
  Array.isArray(value) ? value : expected('a list', value, at)
const string = (value: unknown, at: string): string =>
  typeof value === 'string' && value !== '' ? value : expected('a name', value, at)
/** A loop that makes no pointers for what is right: four hundred names pass here at every start. */
function strings(value: unknown, at: string): string[] {
  const items = list(value, at)
  for (let index = 0; index < items.length; index++) {
    if (typeof items[index] !== 'string' || items[index] === '')
      expected('a name', items[index], `${at}/${index}`)
  }
  return items as string[]
}
const integer = (value: unknown, at: string): unknown =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? value
    : expected('an integer not below 0', value, at)
