/**
 * A failed step as people read it: what could not be done, the call, what its errno means here, what to do.
 *
 *     tinyctr: Cannot attach it at /data (step 19 of 42, config.json /mounts/1)
 *       call   move_mount($data, "", $data_target, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH) = -1 EINVAL
 *       means  one of source and target is a directory and the other is not
 *       do     make the target the same kind in the image, or mount a source of the other kind
 *       see    move_mount(2); tinyctr plan --step 19
 */
import type { Config, IDMapping } from '../oci/runtime-spec.ts'
import { numberSteps, printRepetition, printStep } from '../plan/print.ts'
import { repetitionsOf } from '../plan/repetition.ts'
import { type CallStep, isEach, type Plan, type Step } from '../plan/step.ts'
import { NETWORK_OUTPUT_NAME } from '../plan/user-mode-network.ts'
import { errnoName } from './abi/errno.ts'
import { type Look, type Meaning, manualOf, meaningOf } from './errno-meaning.ts'
import { InRoot } from './exec-diagnosis/in-root.ts'
import { diagnoseExecve, type FailedExecve } from './exec-diagnosis.ts'
import { readTextIfAny } from './file.ts'
import { readFilesystemLog } from './step-failure/filesystem-log.ts'
import { objectOf } from './step-failure/object.ts'
import { readProgramOutput } from './step-failure/program-output.ts'
import { purposeOf } from './step-failure/purpose.ts'

export interface StepFailure {
  readonly plan: Plan
  /** As the executor counts, from 1. */
  readonly step: number
  readonly errno: number
  readonly config: Config
  /** The failed child, which waits to be looked at. */
  readonly container?: { readonly pid: number }
  /** Where the root lies on the host: for when the child cannot be looked into. */
  readonly rootfs?: string
  readonly look?: Look
  /** What the kernel answered besides the errno (NETLINK_EXT_ACK). */
  readonly words?: string
  readonly closest?: FailedExecve['closest']
  /** What the caller found out: it says more than the errno means in general. */
  readonly means?: string
}

/** 125: tinyctr failed. 126 and 127: the program is there but does not run; it is not there. */
type ExitCode = 125 | 126 | 127

/** @throws RangeError when the plan has no such step */
export function printStepFailure(failure: StepFailure): { text: string; exitCode: ExitCode } {
  const steps = numberSteps(failure.plan)
  const step = steps[failure.step - 1]?.step
  if (step === undefined) throw new RangeError(`the plan has ${steps.length} steps, not ${failure.step}`)
  const before = steps.slice(0, failure.step - 1).map((one) => one.step)
  const root = openRoot(failure)
  try {
    const said = kernelWords(step, failure)
    const i = step.is === 'call' ? findRepetition(step, before, failure.errno, root, said) : undefined
    const of = objectOf(step, before, i)
    const { exitCode, ...meaning } =
      step.is === 'call' && step.call === 'execve'
        ? meaningOfExecve(step, failure, root)
        : { exitCode: 125 as const, ...meaningOfStep(step, i ?? 0, of, failure) }
    const purpose =
      step.is === 'call' && step.call === 'execve'
        ? `run ${programOf(step)}`
        : purposeOf(step, of, printStep(step))
    const at = pointerOf(step, i)
    const place = `step ${failure.step} of ${steps.length}${at === undefined ? '' : `, ${at.startsWith('/') ? `config.json ${at}` : at}`}`
    const lines = [
      `tinyctr: Cannot ${purpose} (${place})`,
      `  call   ${printFailed(step, i)} = -1 ${errnoName(failure.errno)}`,
      ...said.map((words) => `  kernel ${words}`),
      ...programWords(step).map((words) => `  says   ${words}`),
      `  means  ${failure.means ?? meaning.means}`,
      ...(meaning.do === undefined ? [] : [`  do     ${meaning.do}`]),
      `  see    ${[...meaning.see, `tinyctr plan --step ${failure.step}`].join('; ')}`,
    ]
    return { text: `${lines.map(printable).join('\n')}\n`, exitCode }
  } finally {
    root?.files.close()
  }
}

/** Paths and interpreters come from the image: they must not speak to the user's terminal. */
const printable = (line: string): string =>
  line.replace(/[\x00-\x1f\x7f-\x9f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)

interface Root {
  readonly path: string
  readonly files: InRoot
}

/** Rootless, the child is not ours to look into once it has changed its user: then only the folder is left. */
function openRoot({ container, rootfs }: StepFailure): Root | undefined {
  for (const path of [container && `/proc/${container.pid}/root`, rootfs]) {
    try {
      if (path !== undefined) return { path, files: new InRoot(path) }
    } catch {
      // The next place.
    }
  }
  return undefined
}

/** Filesystems say more than an errno while they are made. */
const kernelWords = (step: Step, { container, words }: StepFailure): string[] =>
  step.is === 'composed' && step.operation === 'netlink' && words
    ? [words]
    : step.is === 'call' && (step.call === 'fsconfig' || step.call === 'fsmount') && container
      ? readFilesystemLog(container.pid)
      : []

/** What a program said that makes a network: the last lines, which are about its end. */
const programWords = (step: Step): string[] =>
  step.is === 'composed' && (step.operation === 'companion' || step.operation === 'hook')
    ? readProgramOutput(NETWORK_OUTPUT_NAME, 'self')
        .split('\n')
        .filter((line) => line !== '' && !/^Failed to send \d+ bytes to syslog$/.test(line))
        .slice(-MOST_LINES)
    : []

const MOST_LINES = 5

/** Which repetition failed, as far as it shows: the executor reports only the step. */
function findRepetition(
  step: CallStep,
  before: readonly Step[],
  errno: number,
  root: Root | undefined,
  said: readonly string[],
): number | undefined {
  const count = repetitionsOf(step)
  if (count === 1) return 0
  const keys = step.args[2]
  if (step.call === 'fsconfig' && isEach(keys)) {
    const named = keys.each.findIndex((key) => said.some((words) => words.includes(`'${key}'`)))
    return named < 0 ? undefined : named
  }
  if (errnoName(errno) !== 'ENOENT' || root === undefined || step.call === 'execve') return undefined
  const absent = Array.from({ length: count }, (_, i) => i).filter((i) => {
    const path = objectOf(step, before, i)
    return path?.startsWith('/') && root.files.entry(path) === undefined
  })
  return absent.length === 1 ? absent[0] : undefined
}

function pointerOf(step: Step, i: number | undefined): string | undefined {
  if (step.at === undefined || typeof step.at === 'string') return step.at
  if (i !== undefined) return step.at[i]
  const unique = [...new Set(step.at)]
  const first = unique[0] as string
  return unique.length === 1 ? first : first.slice(0, first.lastIndexOf('/'))
}

function printFailed(step: Step, i: number | undefined): string {
  if (step.is !== 'call') return printStep(step)
  if (step.call === 'execve') return printExecve(step)
  if (i !== undefined) return printRepetition(step, i)
  const { tolerate: _tolerated, into: _into, unless: _unless, ...bare } = step
  return printStep(bare).replace(/ {2}×(\d+)$/, ' (one of $1)')
}

/** Without the environment, which may hold secrets. */
function printExecve(step: CallStep): string {
  const variables = (step.args[2] as readonly unknown[]).length
  const { tolerate: _tolerated, ...bare } = step
  const short = { name: `[${variables} variable${variables === 1 ? '' : 's'}]`, value: 0 }
  return printStep({ ...bare, args: [step.args[0], step.args[1], short] }).replace(/ {2}×\d+$/, '')
}

function meaningOfStep(step: Step, i: number, of: string | undefined, failure: StepFailure): Meaning {
  const name = step.is === 'call' ? step.call : step.is === 'composed' ? step.operation : undefined
  const printed = step.is === 'call' ? printRepetition(step, i) : printStep(step)
  const known =
    name &&
    meaningOf(name, failure.errno, {
      printed,
      of,
      at: pointerOf(step, i),
      look: failure.look ?? lookAtHost,
    })
  return (
    known ?? {
      means: `the manual has no cause for ${errnoName(failure.errno)} of ${name ?? 'a barrier'}`,
      see: name ? manualOf(name) : [],
    }
  )
}

/** A file that is there but cannot be read as text (a namespace) is an empty one. */
const lookAtHost: Look = (path) => {
  try {
    return readTextIfAny(path)
  } catch {
    return ''
  }
}

const programOf = (step: CallStep): string => (step.args[1] as readonly string[])[0] as string

function meaningOfExecve(
  step: CallStep,
  failure: StepFailure,
  root: Root | undefined,
): Meaning & { exitCode: ExitCode } {
  const { config } = failure
  const user = config.process?.user ?? { uid: 0, gid: 0 }
  const { uidMappings, gidMappings } = config.linux ?? {}
  const paths = step.args[0]
  const finding = diagnoseExecve({
    root: root?.path ?? `/proc/${failure.container?.pid ?? 0}/root`,
    cwd: config.process?.cwd ?? '/',
    candidates: (isEach(paths) ? paths.each : [paths]) as string[],
    program: programOf(step),
    errno: failure.errno,
    uid: hostId(user.uid ?? 0, uidMappings),
    gid: hostId(user.gid ?? 0, gidMappings),
    groups: (user.additionalGids ?? []).map((gid) => hostId(gid, gidMappings)),
    privileged: config.process?.capabilities?.effective?.includes('CAP_DAC_OVERRIDE') ?? false,
    ...(failure.closest ? { closest: failure.closest } : {}),
  })
  return { ...finding, see: manualOf('execve') }
}

/** An id of the container as the host knows it. */
function hostId(id: number, mappings: readonly IDMapping[] | undefined): number {
  const map = mappings?.find((one) => id >= one.containerID && id < one.containerID + one.size)
  return map ? map.hostID + id - map.containerID : id
}
