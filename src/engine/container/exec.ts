/** `exec`: another program in a container that runs; this process becomes its executor. */
import { StateError } from '../../errors.ts'
import { O } from '../../linux/abi/arch.ts'
import { AT } from '../../linux/abi/flags.ts'
import { call } from '../../linux/call.ts'
import { executeNative } from '../../linux/execute-native.ts'
import { apart } from '../../linux/premises.ts'
import { type Config, OCI_VERSION, type Process } from '../../oci/runtime-spec.ts'
import type { MonitorOptions } from '../../plan/detached.ts'
import { encodePlan } from '../../plan/encode.ts'
import { MONITOR_FLAG } from '../../plan/wire.ts'
import { cgroupBelow, foreignNamespaces } from '../../runtime/exec.ts'
import { type ExecInput, execPlan } from '../../runtime/exec-plan.ts'
import { explainEnvironment, ownCommand } from '../../runtime/own-command.ts'
import { keepStart, preparedId } from '../../runtime/prepared-start.ts'
import { notedProcess } from '../../runtime/process-identity.ts'
import { containerCapabilities } from '../config/capabilities-flag.ts'
import { containerEnvironment } from '../config/environment.ts'
import { resolveUser } from '../config/user.ts'
import { execEvents } from '../events/telling.ts'
import { readImageText } from '../image/image-file.ts'
import { readHostFacts } from '../read-host-facts.ts'
import { prepareContainer } from '../run-image.ts'
import type { RunOptions } from '../run-options.ts'
import { readWindowSize } from '../window-size.ts'
import { attachmentFlags, DETACHED } from './attachment.ts'
import { cgroupOf } from './cgroup-of.ts'
import { DEFAULT_DETACH_KEYS } from './detach-keys.ts'
import type { Container } from './list.ts'
import { closeProcesses, openProcesses } from './process.ts'
import { type ContainerFolders, containerFolder } from './record.ts'

export interface ExecRequest {
  readonly command: readonly string[]
  readonly environment: readonly string[]
  readonly user?: string | undefined
  readonly workdir?: string | undefined
  readonly privileged: boolean
  readonly interactive: boolean
  readonly terminal: boolean
  readonly detach: boolean
  readonly detachKeys?: string | undefined
}

/** Does not return. @throws StateError with docker's words */
export async function execInContainer(
  folders: ContainerFolders,
  container: Container,
  request: ExecRequest,
): Promise<never> {
  const { id, record, state } = container
  if (state.status === 'paused')
    throw new StateError(`Container ${id} is paused, unpause the container before exec`)
  if (state.status === 'restarting')
    throw new StateError(`Container ${id} is restarting, wait until the container is running`)
  const processes = apart(() => openProcesses(folders.dataRoot, container))
  if (state.status !== 'running' || !processes || processes.container < 0)
    throw new StateError(`container ${id} is not running`)
  apart(() => closeProcesses({ container: -1, monitor: processes.monitor }))
  const pidfd = notedProcess(processes.container, state.pid)
  const { input: made, seccompFilter } = await prepareContainer(
    {
      id: { prepared: id, own: id },
      image: record.image,
      options: withoutNetworks(record.options),
      isNew: false,
    },
    folders,
    { attachment: DETACHED, direct: true },
  )
  const proc = `/proc/${state.pid}`
  const cgroup = cgroupOf(folders, id)
  const config = request.privileged ? withoutFilter(made.config) : made.config
  const input: ExecInput = {
    config,
    process: execProcess(folders, container, config, request),
    host: made.host,
    pidfd,
    namespaces: foreignNamespaces(proc),
    container: {
      state: { ociVersion: OCI_VERSION, id, bundle: containerFolder(folders.dataRoot, id) },
      pid: state.pid,
    },
    ...(cgroup === undefined ? {} : { cgroup: cgroupBelow(proc, cgroup, undefined) }),
    ...(request.detach && !request.terminal ? { pipes: ['stdout', 'stderr'] as const } : {}),
  }
  if (!request.interactive) closeInput()
  const events = execEvents(folders.dataRoot, { ...record, name: container.name }, request.command)
  const plan = encodePlan(execPlan(input, config.linux?.seccomp && (await apart(() => seccompFilter?.()))), {
    architecture: made.host.architecture,
    monitor: { ...monitorOf(request), events },
    ...(input.pipes ? { pipes: input.pipes } : {}),
    explain: {
      argv: ownCommand('explain-failure'),
      envp: explainEnvironment(),
      source: JSON.stringify({ executed: input }),
    },
  })
  keepStart(folders.root, preparedId(undefined), plan, made.host.architecture)
  return executeNative(plan, { handOver: [input.pidfd] })
}

/** It has its place on them already. */
const withoutNetworks = (options: RunOptions): RunOptions =>
  options.network === 'host' ? options : { ...options, network: 'none', endpoints: [] }

/** --privileged: no filter. */
function withoutFilter(config: Config): Config {
  const { seccomp: _, ...linux } = config.linux ?? {}
  return { ...config, linux }
}

function execProcess(
  { dataRoot }: ContainerFolders,
  { id, record: { image, options } }: Container,
  config: Config,
  request: ExecRequest,
): Process {
  const own = config.process as Process
  // As the container has changed them.
  const layers = [`${containerFolder(dataRoot, id)}/upper`, ...image.layerDirectories]
  const user = resolveUser(
    readImageText(layers, 'etc/passwd'),
    readImageText(layers, 'etc/group'),
    request.user ?? options.user ?? image.config.User ?? '',
    { groupAdd: options.groupAdd, at: '--user' },
  )
  const environment = containerEnvironment({
    image: image.config.Env ?? [],
    user: [...options.environment, ...request.environment],
    hostname: /^HOSTNAME=(.*)$/m.exec((own.env ?? []).join('\n'))?.[1] ?? '',
    terminal: request.terminal,
    home: user.home,
  })
  const { consoleSize: _, capabilities, ...rest } = own
  const facts = request.privileged ? readHostFacts({ ...options, privileged: true }) : undefined
  const all =
    facts &&
    containerCapabilities(
      { add: [], drop: [], privileged: true },
      facts.lastCapability,
      facts.heldCapabilities,
    )
  const consoleSize = request.terminal && !request.detach ? readWindowSize() : undefined
  return {
    ...rest,
    terminal: request.terminal,
    ...(consoleSize ? { consoleSize } : {}),
    args: [...request.command],
    env: environment,
    cwd: request.workdir ?? own.cwd,
    user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
    ...(all
      ? { capabilities: { bounding: all, effective: all, permitted: all } }
      : capabilities
        ? { capabilities }
        : {}),
  }
}

/** A program that has its caller's own streams needs no monitor. */
function monitorOf({ terminal, interactive, detach, detachKeys }: ExecRequest): MonitorOptions {
  if (!terminal && !detach) return { flags: MONITOR_FLAG.DIRECT }
  const attached = attachmentFlags({ stdin: interactive, stdout: true, stderr: true, signalProxy: true })
  return {
    flags:
      (terminal ? MONITOR_FLAG.TERMINAL : 0) |
      (interactive ? MONITOR_FLAG.STDIN : 0) |
      (detach ? MONITOR_FLAG.DETACH : attached),
    detachKeys: detachKeys ?? DEFAULT_DETACH_KEYS,
  }
}

/** Nobody types. */
function closeInput(): void {
  const fd = call('openat', [AT.FDCWD, '/dev/null', O.RDONLY | O.CLOEXEC, 0])
  call('dup3', [fd, 0, 0])
  call('close', [fd])
}
