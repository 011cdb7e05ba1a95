/** `create` and `run`: from a bundle to the executor, which takes this process's place. */
import { ConfigError, StateError } from '../errors.ts'
import { S } from '../linux/abi/flags.ts'
import { call } from '../linux/call.ts'
import { executeNative } from '../linux/execute-native.ts'
import { fileType, makeFolder } from '../linux/file.ts'
import { readHost } from '../linux/host.ts'
import { apart, spoilPremises } from '../linux/premises.ts'
import { OCI_VERSION } from '../oci/runtime-spec.ts'
import { cgroupFolder } from '../plan/cgroup.ts'
import { encodePlan } from '../plan/encode.ts'
import { type CgroupManager, readBundle } from './bundle.ts'
import { isPopulated } from './cgroup-processes.ts'
import { type CreateInput, type CreateMode, createPlan } from './create-plan.ts'
import { placeMounts } from './destinations.ts'
import type { ReportTo } from './error-log.ts'
import type { FailureSource } from './explain-create.ts'
import { withWishes } from './host-wishes.ts'
import { passListeningSockets } from './listening-sockets.ts'
import { explainEnvironment, ownCommand } from './own-command.ts'
import { keepStart, preparedId } from './prepared-start.ts'
import { cachedFilter } from './seccomp-cache.ts'
import { type ContainerState, checkId } from './state.ts'
import { wholeMounts } from './whole-mounts.ts'

export interface CreateOptions {
  readonly mode: CreateMode
  readonly root: string
  readonly id: string
  /** Absolute. */
  readonly bundle: string
  /** Instead of the bundle's config.json. */
  readonly configFile?: string
  readonly pidFile?: string
  readonly consoleSocket?: string
  readonly pidfdSocket?: string
  readonly preserveFds?: number
  readonly noPivot?: boolean
  readonly noNewKeyring?: boolean
  readonly keep?: boolean
  readonly cgroupManager: CgroupManager
  /** Where compiled seccomp filters are kept. */
  readonly cache: string
  /** How to say what went wrong, once the executor is in charge. */
  readonly report: ReportTo
}

/** Does not return. @throws StateError, ConfigError, KernelError */
export async function create(options: CreateOptions): Promise<never> {
  const { root, bundle, mode } = options
  checkId(options.id)
  const isSystemd = options.cgroupManager === 'systemd'
  if (isSystemd) spoilPremises()
  const names = preparedId(options.id)
  const id = names.prepared
  const folder = `${root}/${id}`
  // A start that is kept asks for the one that it was prepared as, with its own in that place.
  if ((fileType(folder) ?? apart(() => fileType(`${root}/${names.own}`))) !== undefined)
    throw new StateError(`container with id exists: ${names.own}`)
  const { text, config: given, rootfs } = readBundle({ ...options, id })
  const { config: passed, count: sockets } = passListeningSockets(given, process.env)
  const scope = isSystemd ? (await import('./systemd/scope.ts')).prepareScope(passed, id) : undefined
  const scoped = scope ? { ...passed, linux: { ...passed.linux, cgroupsPath: scope.cgroup } } : passed
  if (fileType(rootfs) !== S.IFDIR)
    throw new ConfigError(
      '/root/path',
      `expected the folder of the root filesystem but found none at ${rootfs}`,
    )
  const config = placeMounts(scoped, rootfs)
  checkTerminal(config.process?.terminal === true, options)
  makeFolder(root)
  const host = await withWishes(readHost(config, bundle), config)
  const cgroup = cgroupFolder(config, host)
  if (cgroup !== undefined && !scope) {
    requireEmpty(cgroup)
    apart(() => requireEmpty(cgroup.replaceAll(id, names.own)))
  }
  // They have the environment, which is not among what a start is kept for.
  if (config.hooks || sockets > 0) spoilPremises()
  const state: ContainerState = {
    ociVersion: OCI_VERSION,
    id,
    bundle,
    rootfs,
    owner: call('geteuid', []),
    ...(config.annotations ? { annotations: config.annotations } : {}),
    ...(cgroup === undefined ? {} : { cgroup }),
    ...(scope ? { scope: scope.scope } : {}),
  }
  const { consoleSocket, keep, noNewKeyring, noPivot, pidFile, report } = options
  const preserveFds = (options.preserveFds ?? 0) + sockets
  const input: CreateInput = {
    mode,
    config,
    host,
    folder,
    state,
    ...(consoleSocket === undefined ? {} : { consoleSocket }),
    ...(pidFile === undefined ? {} : { pidFile }),
    ...(options.pidfdSocket === undefined ? {} : { pidfdSocket: options.pidfdSocket }),
    preserveFds,
    ...(scope && host.cgroup ? { scopeHome: `${host.cgroup.mount}${scope.home}` } : {}),
    ...(noPivot ? { noPivot: wholeMounts(rootfs) } : {}),
    ...(noNewKeyring ? { noNewKeyring } : {}),
    ...(keep ? { keep } : {}),
  }
  const source = new TextEncoder().encode(JSON.stringify({ created: input, report } satisfies FailureSource))
  const seccomp = config.linux?.seccomp
  const filter = seccomp && (await apart(() => cachedFilter(options.cache, seccomp, host.architecture)))
  const terminal = mode === 'run' && config.process?.terminal === true
  const encoded = encodePlan(createPlan(input, filter, { config: text, source }), {
    architecture: host.architecture,
    terminal,
    interactive: terminal,
    explain: { argv: ownCommand('explain-failure'), envp: explainEnvironment(), source },
  })
  keepStart(options.cache, names, encoded, host.architecture)
  // Last of all: from here on what we use is counted as the container's.
  if (cgroup !== undefined) scope?.start(cgroup)
  return executeNative(encoded, { preserveFds })
}

/** Who gets the terminal's other end must be known. runc's words. */
function checkTerminal(terminal: boolean, { mode, consoleSocket }: CreateOptions): void {
  const detached = mode !== 'run'
  if (terminal && detached && consoleSocket === undefined)
    throw new StateError('cannot allocate tty if runc will detach without setting console socket')
  if (consoleSocket !== undefined && (!terminal || !detached))
    throw new StateError('cannot use console socket if runc will not detach or allocate tty')
}

/** Processes of somebody else's in it would be limited, frozen and killed with the container. */
function requireEmpty(cgroup: string): void {
  if (isPopulated(cgroup)) throw new StateError(`container's cgroup is not empty: ${cgroup}`)
}
