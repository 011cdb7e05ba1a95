/**
 * The plan of an OCI container as engines want it: its state folder around the plan of its config. The input is plain
 * JSON, so that a failed start can be compiled again from what lies in the state folder (`source`).
 */
import { O } from '../linux/abi/arch.ts'
import { AF, AT, LOCK, S, SOCK } from '../linux/abi/flags.ts'
import type { Config } from '../oci/runtime-spec.ts'
import { compilePlan } from '../plan/compile.ts'
import type { HookState } from '../plan/hooks.ts'
import type { Host } from '../plan/host.ts'
import {
  call,
  composed,
  each,
  PID,
  type Plan,
  START,
  type Step,
  slot,
  template,
  VERDICT,
} from '../plan/step.ts'
import { type ContainerState, START_PIPE } from './state.ts'

/** Who goes on when the container is there: nobody until `start`; nobody; the executor, until the container ends. */
export type CreateMode = 'create' | 'run detached' | 'run'

export interface CreateInput {
  readonly mode: CreateMode
  readonly config: Config
  readonly host: Host
  /** `<root>/<id>` */
  readonly folder: string
  readonly state: ContainerState
  /** Absolute. */
  readonly pidFile?: string
  readonly consoleSocket?: string
  readonly pidfdSocket?: string
  readonly preserveFds?: number
  readonly scopeHome?: string
  /** plan/compile.ts */
  readonly noPivot?: readonly string[]
  readonly noNewKeyring?: boolean
  /** `run --keep`: what is left stays for `delete`. */
  readonly keep?: boolean
}

export interface StateFiles {
  /** config.json as it was. */
  readonly config: string
  /** The input itself, as it travels with the plan. */
  readonly source: Uint8Array
}

const NO_FILES: StateFiles = { config: '', source: new Uint8Array(0) }

/** Without `files` the plan has the same steps: enough to explain one. */
export function createPlan(input: CreateInput, seccompFilter?: Uint8Array, files = NO_FILES): Plan {
  const { config, host, mode } = input
  return compilePlan({
    config,
    host,
    bundle: input.state.bundle,
    before: stateSteps(input, files),
    finish: finishSteps(input),
    after: input.keep ? [] : [removeStateStep(input)],
    hold: mode === 'create',
    hookState: hookStateOf(input.state),
    keyring: !input.noNewKeyring,
    preserveFds: input.preserveFds ?? 0,
    mayShareCgroup: true,
    anyProcessor: true,
    plainNewlines: mode === 'run',
    ...(input.scopeHome ? { scopeHome: input.scopeHome } : {}),
    ...(input.noPivot ? { noPivot: input.noPivot } : {}),
    ...(input.consoleSocket ? { consoleSocket: input.consoleSocket } : {}),
    ...(seccompFilter ? { seccompFilter } : {}),
  })
}

export const hookStateOf = ({ ociVersion, id, bundle, annotations }: ContainerState): HookState => ({
  ociVersion,
  id,
  bundle,
  ...(annotations ? { annotations: { ...annotations } } : {}),
  environment: Object.entries(process.env).map(([name, value]) => `${name}=${value}`),
})

const STATE = slot('state')
/** Filled by the step that makes it: what was not made here is somebody else's, and not ours to remove. */
const OWN_STATE = slot('own_state')

const PAGE = 4096
const PROT_READ_WRITE = { name: 'PROT_READ|PROT_WRITE', value: 3 }
const MAP_SHARED_FIXED = { name: 'MAP_SHARED|MAP_FIXED', value: 0x11 }

/** Nothing comes after it but its end: native/door.c may start, signal and delete it. */
const isPlain = ({ hooks, linux }: Config): boolean =>
  !linux?.intelRdt &&
  !hooks?.poststart?.length &&
  !hooks?.poststop?.length &&
  (linux?.namespaces?.some(({ type, path }) => type === 'pid' && !path) ?? false)

function stateSteps({ config, folder, state, mode }: CreateInput, files: StateFiles): Step[] {
  const at = '--root'
  const texts: Record<string, string | Uint8Array> = {
    'state.json': `${JSON.stringify(state)}\n`,
    'config.json': files.config,
    source: files.source,
    ...(isPlain(config) && !state.scope ? { plain: state.cgroup ?? '' } : {}),
  }
  const names = Object.keys(texts)
  const opened = each(names.map((name) => slot(name)))
  const verdict = slot('verdict_file')
  return [
    call('mkdirat', [AT.FDCWD, folder, 0o700], { into: OWN_STATE, why: 'the state of this container', at }),
    call('openat', [AT.FDCWD, folder, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0], {
      into: STATE,
      why: 'to hold a lock on',
      at,
    }),
    call('flock', [STATE, LOCK.EX], { why: 'until it is complete it is ours', at }),
    call('openat', [STATE, each(names), O.WRONLY | O.CREAT | O.EXCL | O.CLOEXEC, 0o600], {
      into: opened,
      why: 'what later commands must know',
      at,
    }),
    call('write', [opened, each(Object.values(texts))], { why: 'their text', at }),
    call('close', [opened], { why: 'they are complete', at }),
    ...(mode === 'create'
      ? [
          call('mknodat', [STATE, START_PIPE, S.IFIFO | 0o600, 0], {
            why: 'the pipe at which the container waits for `start`',
            at,
          }),
          call('openat', [STATE, START_PIPE, O.RDWR | O.CLOEXEC, 0], {
            into: START,
            why: 'both ends: so that opening it waits for nobody',
            at,
          }),
          call('openat', [STATE, 'verdict', O.RDWR | O.CREAT | O.EXCL | O.CLOEXEC, 0o600], {
            into: verdict,
            why: 'where `start` finds how the container failed',
            at,
          }),
          call('ftruncate', [verdict, PAGE], { why: 'a page', at }),
          call('mmap', [VERDICT, PAGE, PROT_READ_WRITE, MAP_SHARED_FIXED, verdict, 0], {
            why: 'in the place of the page that only we and the container share',
            at,
          }),
        ]
      : []),
  ]
}

/** The host's last steps. */
function finishSteps({ mode, pidFile, pidfdSocket }: CreateInput): Step[] {
  return [
    ...processFileSteps(),
    ...(pidFile === undefined ? [] : pidFileSteps(pidFile)),
    ...(pidfdSocket === undefined ? [] : pidfdSteps(pidfdSocket)),
    call('flock', [STATE, LOCK.UN], {
      why: 'the container, which has the folder open too, must not hold it',
    }),
    ...(mode === 'run'
      ? []
      : [
          call('exit_group', [0], {
            why: 'whoever called us is the parent now (PR_SET_CHILD_SUBREAPER), and waits for it',
          }),
        ]),
  ]
}

/** Longer than any /proc/PID/stat. */
const STAT_BYTES = 1024

function processFileSteps(): Step[] {
  const [stat, file] = [slot('process_stat'), slot('process_file')]
  const text = new Uint8Array(STAT_BYTES)
  const why = 'which process it is, beyond the reuse of its number'
  return [
    call('openat', [AT.FDCWD, template('/proc/', PID, '/stat'), O.RDONLY | O.CLOEXEC, 0], {
      into: stat,
      why,
    }),
    call('read', [stat, text], { why }),
    call('openat', [STATE, '.process', O.WRONLY | O.CREAT | O.EXCL | O.CLOEXEC, 0o600], { into: file, why }),
    call('write', [file, text], { why }),
    call('renameat2', [STATE, '.process', STATE, 'process', 0], { why: 'whole or not at all' }),
  ]
}

/** Decimal, no newline, there as a whole: what conmon and containerd expect. */
export function pidFileSteps(path: string): Step[] {
  const at = '--pid-file'
  const temporary = `${path}.tmp`
  const file = slot('pid_file')
  return [
    call('openat', [AT.FDCWD, temporary, O.WRONLY | O.CREAT | O.TRUNC | O.CLOEXEC, 0o644], {
      into: file,
      why: 'the process id for whoever called us',
      at,
    }),
    call('write', [file, template('', PID, '')], { why: 'in decimal', at }),
    call('renameat2', [AT.FDCWD, temporary, AT.FDCWD, path, 0], { why: 'whole or not at all', at }),
  ]
}

/** `--pidfd-socket`: whoever listens there gets a descriptor of the process. */
export function pidfdSteps(path: string): Step[] {
  const at = '--pidfd-socket'
  const [pidfd, socket] = [slot('pidfd'), slot('pidfd_socket')]
  const why = 'a descriptor of the process for whoever called us'
  return [
    call('pidfd_open', [PID, 0], { into: pidfd, why, at }),
    call('socket', [AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC, 0], { into: socket, why, at }),
    call('connect', [socket, { sun_family: AF.UNIX, sun_path: path }], { why, at }),
    call('sendmsg', [socket, { bytes: 'pidfd', fds: [pidfd] }, 0], { why, at }),
  ]
}

const removeStateStep = ({ folder }: CreateInput): Step =>
  composed('remove_tree', [folder, OWN_STATE], {
    why: 'last: while it stands, `delete` has something to clean',
    at: '--root',
  })
