/** Gives a container's plan to an executor. Nothing after this is JavaScript, unless a step fails. */

import { UsageError } from '../errors.ts'
import { TIOC } from '../linux/abi/flags.ts'
import { attempt } from '../linux/call.ts'
import type { Watch } from '../linux/execute-ffi/watch.ts'
import { executeNative } from '../linux/execute-native.ts'
import { fileType } from '../linux/file.ts'
import { apart, lookedAt, spoilPremises } from '../linux/premises.ts'
import { explainEnvironment, ownCommand } from '../runtime/own-command.ts'
import { keepStart, type PreparedId } from '../runtime/prepared-start.ts'
import { makeSources } from './config/missing-sources.ts'
import type { ContainerPlanInput } from './container-plan.ts'
import type { LabOptions } from './run-options.ts'
import { makeStateFolder } from './state-folder.ts'
import { sweep } from './sweep.ts'
import type { NewVolume } from './volume/volume.ts'

export interface Launch {
  readonly id: PreparedId
  /** To be there before anything starts: for what runs, and for what is kept of containers. */
  readonly folders: readonly [root: string, ...data: string[]]
  readonly input: ContainerPlanInput
  readonly seccompFilter?: () => Promise<Uint8Array>
  /** Folders to make on the host before anything starts. */
  readonly missingSources?: readonly string[]
  /** And volumes, below `--data-root`. */
  readonly missingVolumes?: { readonly dataRoot: string; readonly volumes: readonly NewVolume[] }
  /** Takes its place on its networks; false where others were faster, and all is to be prepared anew. */
  readonly takeNetwork?: () => Promise<boolean>
  /** A line that is said when nothing else can fail before the start; a prepared start says it again. */
  readonly warning?: string
  readonly terminal: boolean
  readonly interactive: boolean
  readonly lab: LabOptions
  /** Looks on while the plan is walked (--step). */
  readonly watch?: Watch
}

const STANDARD_ERROR = 2

/** Does not return with the native executor; with the other, returns the exit code. */
export async function launch(asked: Launch): Promise<number> {
  const { input, lab } = asked
  if (asked.terminal && asked.interactive) requireTerminal()
  await makeReady(asked)
  if (asked.missingSources?.length) {
    makeSources(asked.missingSources)
    spoilPremises()
  }
  if (asked.missingVolumes) {
    const { createVolume } = await import('./volume/volume.ts')
    for (const volume of asked.missingVolumes.volumes) createVolume(asked.missingVolumes.dataRoot, volume)
  }
  if (asked.takeNetwork && !(await asked.takeNetwork())) {
    const { becomeAgain } = await import('./become-again.ts')
    becomeAgain()
  }
  if (asked.warning !== undefined)
    attempt('write', [STANDARD_ERROR, new TextEncoder().encode(`${asked.warning}\n`)])
  if (lab.executor === 'ffi') return launchWithFfi(asked)
  const explain = {
    argv: ownCommand('explain-failure'),
    envp: explainEnvironment(),
    source: JSON.stringify({ input, skip: lab.skip }),
  }
  const { encodedPlan } = await import('./encoded-plan.ts')
  const plan = await apart(() => encodedPlan(asked, explain))
  keepStart(asked.folders[0], asked.id, plan, input.host.architecture, { sweeps: true })
  return executeNative(plan)
}

/** @throws UsageError where the folders cannot be, or another container has the id */
export async function makeReady({ folders: [root, ...data], id, input }: Launch): Promise<void> {
  makeStateFolder(root, '--root')
  for (const folder of data) makeStateFolder(folder, '--data-root')
  await apart(() => sweep(root))
  // A start that is kept asks for the one that it was prepared as, with its own in that place.
  const exists = fileType(input.stateFolder) ?? apart(() => fileType(`${root}/${id.own}`))
  if (exists !== undefined)
    throw new UsageError(`a container with the ID ${id.own} exists already: choose another`)
}

const WINSIZE_BYTES = 8

/** Docker's words. */
export function requireTerminal(): void {
  const result = attempt('ioctl', [0, TIOC.GWINSZ, new Uint8Array(WINSIZE_BYTES)])
  lookedAt()
  if (result < 0) {
    throw new UsageError('the input device is not a TTY: leave out --tty, or run it from a terminal')
  }
}

async function launchWithFfi({ input, seccompFilter, interactive, lab, watch }: Launch): Promise<number> {
  const [{ containerPlan }, { skipSteps }, { executeWithFfi }, { printStepFailure }] = await Promise.all([
    import('./container-plan.ts'),
    import('../plan/step.ts'),
    import('../linux/execute-ffi.ts'),
    import('../linux/step-failure.ts'),
  ])
  const plan = skipSteps(containerPlan(input, await seccompFilter?.()), lab.skip)
  return executeWithFfi(plan, {
    interactive,
    ...(watch ? { watch } : {}),
    explain: ({ step, errno, pid }) => {
      const container = pid === undefined ? {} : { container: { pid } }
      const { text, exitCode } = printStepFailure({ plan, step, errno, config: input.config, ...container })
      process.stderr.write(text)
      return exitCode
    },
  })
}
