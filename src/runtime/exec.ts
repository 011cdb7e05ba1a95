/** `exec`: from a running container and a process to the executor, which takes this process's place. */
import { StateError } from '../errors.ts'
import { AT } from '../linux/abi/flags.ts'
import { attempt } from '../linux/call.ts'
import { executeNative } from '../linux/execute-native.ts'
import { readTextIfAny } from '../linux/file.ts'
import { readMachine } from '../linux/host.ts'
import { apart } from '../linux/premises.ts'
import type { Config, NamespaceType, Process } from '../oci/runtime-spec.ts'
import { encodePlan } from '../plan/encode.ts'
import { publicState } from '../plan/hooks.ts'
import { hookStateOf } from './create-plan.ts'
import type { ReportTo } from './error-log.ts'
import { type ExecInput, execPlan } from './exec-plan.ts'
import type { FailureSource } from './explain-create.ts'
import { withHome } from './home.ts'
import { withWishes } from './host-wishes.ts'
import { explainEnvironment, ownCommand } from './own-command.ts'
import { keepStart, preparedId } from './prepared-start.ts'
import { notedProcess, openProcess, type ProcessIdentity } from './process-identity.ts'
import { cachedFilter } from './seccomp-cache.ts'
import type { ContainerState } from './state.ts'

export interface ExecOptions
  extends Pick<ExecInput, 'consoleSocket' | 'detach' | 'pidFile' | 'pidfdSocket' | 'preserveFds'> {
  /** As it was at `create`. */
  readonly config: Config
  /** The container's first process. */
  readonly container: ProcessIdentity
  readonly process: Process
  readonly state: ContainerState
  /** A cgroup below it (`--cgroup`). */
  readonly below?: string
  readonly cache: string
  readonly report: ReportTo
}

/** Does not return. @throws StateError, ConfigError, KernelError */
export async function exec(options: ExecOptions): Promise<never> {
  const { cache, config, container, detach = false, report, state } = options
  const { cgroup } = state
  const opened = apart(() => openProcess(container))
  if (opened === undefined) throw new StateError('cannot exec a container that has stopped')
  const pidfd = notedProcess(opened, container.pid)
  const proc = `/proc/${container.pid}`
  const process = withHome(options.process, `${proc}/root`)
  if (process.terminal && detach && options.consoleSocket === undefined)
    throw new StateError('cannot allocate tty if runc will detach without setting console socket')
  const folder = cgroup === undefined ? undefined : cgroupBelow(proc, cgroup, options.below)
  const host = await withWishes(readMachine(folder), { ...config, process })
  const { consoleSocket, pidFile, preserveFds } = options
  const terminal = process.terminal === true && consoleSocket === undefined
  const input: ExecInput = {
    config,
    process,
    host,
    pidfd,
    namespaces: foreignNamespaces(proc),
    container: { state: publicState(hookStateOf(state)), pid: container.pid },
    detach,
    plainNewlines: terminal,
    ...(folder === undefined ? {} : { cgroup: folder }),
    ...(consoleSocket === undefined ? {} : { consoleSocket }),
    ...(pidFile === undefined ? {} : { pidFile }),
    ...(options.pidfdSocket === undefined ? {} : { pidfdSocket: options.pidfdSocket }),
    ...(preserveFds === undefined ? {} : { preserveFds }),
  }
  const seccomp = config.linux?.seccomp
  const filter = seccomp && (await apart(() => cachedFilter(cache, seccomp, host.architecture)))
  const encoded = encodePlan(execPlan(input, filter), {
    architecture: host.architecture,
    terminal,
    interactive: terminal,
    explain: {
      argv: ownCommand('explain-failure'),
      envp: explainEnvironment(),
      source: JSON.stringify({ executed: input, report } satisfies FailureSource),
    },
  })
  keepStart(cache, preparedId(undefined), encoded, host.architecture)
  return executeNative(encoded, { preserveFds: preserveFds ?? 0, handOver: [pidfd] })
}

const FILES: readonly (readonly [NamespaceType, string])[] = [
  ['user', 'user'],
  ['pid', 'pid_for_children'],
  ['network', 'net'],
  ['uts', 'uts'],
  ['ipc', 'ipc'],
  ['cgroup', 'cgroup'],
  ['time', 'time'],
  ['mount', 'mnt'],
]

/** Those that differ from ours: joining one's own user namespace is an error (setns(2)). */
export function foreignNamespaces(proc: string): NamespaceType[] {
  const own = new Uint8Array(64)
  const theirs = new Uint8Array(64)
  return FILES.flatMap(([type, file]) => {
    const length = attempt('readlinkat', [AT.FDCWD, `/proc/self/ns/${file}`, own])
    const other = attempt('readlinkat', [AT.FDCWD, `${proc}/ns/${file}`, theirs])
    if (other < 0) return []
    const same = length === other && own.subarray(0, length).every((byte, i) => byte === theirs[i])
    return same ? [] : [type]
  })
}

/**
 * The container's own; or where its first process is now, if somebody inside gave controllers to cgroups below: then it
 * takes no processes any more (cgroup-v2.rst, "No Internal Process Constraint").
 */
export function cgroupBelow(proc: string, made: string, below: string | undefined): string {
  if (below !== undefined) return `${made}/${below}`.replace(/\/+/g, '/').replace(/\/$/, '')
  if (readTextIfAny(`${made}/cgroup.subtree_control`)?.trim() === '') return made
  const path = /^0::(.*)$/m.exec(readTextIfAny(`${proc}/cgroup`) ?? '')?.[1] ?? ''
  const name = made.slice(made.lastIndexOf('/'))
  const at = path.lastIndexOf(`${name}/`)
  return at < 0 ? made : `${made}${path.slice(at + name.length)}`
}
