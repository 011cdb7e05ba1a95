/** Reads what a plan must know of this machine (plan/host.ts). */

import type { Config } from '../oci/runtime-spec.ts'
import { bindSources } from '../plan/bind-source.ts'
import type { Host, HostCgroup } from '../plan/host.ts'
import { normalize } from '../plan/tree.ts'
import { O } from './abi/arch.ts'
import { E } from './abi/errno.ts'
import { AT, BPF_CGROUP, RLIMIT, S } from './abi/flags.ts'
import { architecture, attempt, call } from './call.ts'
import { fileType, readText, readTextIfAny } from './file.ts'
import { apart, lookedAt } from './premises.ts'

/** @param bundle the folder that relative bind sources start from */
export function readHost(config: Config, bundle: string): Host {
  const cgroup = readCgroup(config.linux?.cgroupsPath)
  return {
    architecture,
    kernel: readKernel(),
    euid: call('geteuid', []),
    egid: call('getegid', []),
    cgroup,
    ...(isWholeMachine() ? {} : { inUserNamespace: true as const }),
    sources: readSources(config, bundle),
    nofile: readCallersNofile(),
    // Of the kernel alone, and a new kernel shows in uname(2).
    cgroupBpf: cgroup !== undefined && apart(() => hasCgroupBpf(cgroup.mount)),
  }
}

/** What starting a program in a container takes of the machine. @param cgroup the folder of its cgroup */
export const readMachine = (cgroup: string | undefined): Host => ({
  architecture,
  kernel: readKernel(),
  euid: call('geteuid', []),
  egid: call('getegid', []),
  cgroup: undefined,
  sources: {},
  nofile: readCallersNofile(),
  cgroupBpf: cgroup !== undefined && apart(() => hasCgroupBpf(cgroup)),
})

/** The first user namespace has every id, each as itself. */
const isWholeMachine = (): boolean =>
  /^\s*0\s+0\s+4294967295\s*$/.test(readTextIfAny('/proc/self/uid_map') ?? '0 0 4294967295')

const UTS_FIELD = 65

export function readKernelRelease(): string {
  const buffer = new Uint8Array(UTS_FIELD * 6)
  call('uname', [buffer])
  const release = buffer.subarray(UTS_FIELD * 2, UTS_FIELD * 3)
  return new TextDecoder().decode(release.subarray(0, release.indexOf(0)))
}

function readKernel(): [number, number] {
  const [major, minor] = readKernelRelease().split('.')
  return [Number(major), Number.parseInt(minor ?? '0', 10)]
}

const CGROUP2_SUPER_MAGIC = 0x63677270

function isCgroup2(path: string): boolean {
  const buffer = new Uint8Array(120)
  if (attempt('statfs', [path, buffer]) < 0) return false
  lookedAt([0, 4])
  return new DataView(buffer.buffer).getUint32(0, true) === CGROUP2_SUPER_MAGIC
}

const W_OK = 2

/** Whether a cgroup may be made at `path`, or wherever it ends to exist (a mount may be read-only, a user nobody). */
function isWritable(mount: string, path: string): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const result = attempt('faccessat2', [AT.FDCWD, mount + path.slice(0, end), W_OK, 0])
    if (result !== -E.NOENT) return result === 0
  }
  return attempt('faccessat2', [AT.FDCWD, mount, W_OK, 0]) === 0
}

/**
 * What systemd lends to who is not root (user@.service(5)), where this process is in it: the kernel lets nobody put a
 * process from elsewhere there. Empty where there is nothing of the kind.
 */
export function delegatedCgroup(): string {
  const uid = call('geteuid', [])
  if (uid === 0) return ''
  const own = /^0::(.*)$/m.exec(readTextIfAny('/proc/self/cgroup') ?? '')?.[1] ?? ''
  return new RegExp(`^.*/user@${uid}\\.service(?=/)`).exec(own)?.[0] ?? ''
}

/** cgroup v2, on its own or beside v1 (a hybrid host), where it is ours to write. */
function readCgroup(path: string | undefined): HostCgroup | undefined {
  const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')
  for (const top of ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']) {
    if (!isCgroup2(top)) continue
    const mount = `${top}${delegatedCgroup()}`
    if (path !== undefined && !isWritable(mount, normalize(path))) return undefined
    return {
      mount,
      controllers: words(readText(`${mount}/cgroup.controllers`)),
      // What v1 has, v2's cgroup.controllers lacks; the file itself also counts every cgroup on the host.
      v1Controllers: top.endsWith('/unified') ? apart(readV1Controllers) : [],
    }
  }
  return undefined
}

/** /proc/cgroups: name, hierarchy (0 is v2), number, enabled. cgroup v1 calls the io controller blkio. */
function readV1Controllers(): string[] {
  return (readTextIfAny('/proc/cgroups') ?? '')
    .split('\n')
    .map((line) => line.split(/\s+/))
    .filter(([name, hierarchy]) => name !== undefined && !name.startsWith('#') && Number(hierarchy) > 0)
    .map(([name]) => (name === 'blkio' ? 'io' : (name as string)))
}

function readSources(config: Config, bundle: string): Host['sources'] {
  const sources: Record<string, 'directory' | 'file' | 'missing'> = {}
  for (const source of bindSources(config, bundle)) {
    const type = fileType(source)
    sources[source] = type === undefined ? 'missing' : type === S.IFDIR ? 'directory' : 'file'
  }
  return sources
}

/** Bun raises its own soft limit at start; our parent still has the one the user set. */
function readCallersNofile(): Host['nofile'] {
  const buffer = new Uint8Array(16)
  if (attempt('prlimit64', [call('getppid', []), RLIMIT.NOFILE, null, buffer]) < 0)
    call('prlimit64', [0, RLIMIT.NOFILE, null, buffer])
  const view = new DataView(buffer.buffer)
  const own = new Uint8Array(16)
  call('prlimit64', [0, RLIMIT.NOFILE, null, own])
  lookedAt([8, 8])
  const hard = Number(new DataView(own.buffer).getBigUint64(8, true))
  return { soft: Math.min(Number(view.getBigUint64(0, true)), hard), hard }
}

const BPF_PROG_QUERY = 16

/** BPF_PROG_QUERY changes nothing and fails where the kernel lacks CONFIG_CGROUP_BPF. */
export function hasCgroupBpf(mount: string): boolean {
  const fd = attempt('openat', [AT.FDCWD, mount, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0])
  if (fd < 0) return false
  const query = {
    struct: 'bpf_prog_query',
    fields: { target_fd: fd, attach_type: BPF_CGROUP.DEVICE },
  } as const
  const result = attempt('bpf', [BPF_PROG_QUERY, query])
  call('close', [fd])
  return result === 0
}
