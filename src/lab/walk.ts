/**
 * `tinyctr run --step`: a plan at the pace of a reader. Before each step what it is and why; after it what came of it,
 * and what it changed of the namespaces and mounts that the process sees. Works in the parent and in the forked child
 * alike, so everything here is synchronous and by system call.
 */
import { errnoName } from '../linux/abi/errno.ts'
import { attempt } from '../linux/call.ts'
import { WORD } from '../linux/execute-ffi/execution.ts'
import type { Outcome, Watch } from '../linux/execute-ffi/watch.ts'
import { type NumberedStep, printStep } from '../plan/print.ts'
import { type CallStep, isEach, type Step } from '../plan/step.ts'
import { openKeys } from './walk/keys.ts'
import { manPage } from './walk/man-page.ts'
import { type Mounts, mountChanges, readMounts } from './walk/mounts.ts'
import { type NamespaceIds, namespaceChanges, readNamespaceIds } from './walk/namespaces.ts'
import { palette } from './walk/palette.ts'

const STEPPING = 0
const CONTINUING = 1

const CHANGES_NAMESPACES = new Set(['clone3', 'unshare', 'setns'])
const CHANGES_MOUNTS = new Set(['mount', 'umount2', 'move_mount', 'pivot_root', 'mount_setattr'])
const PROMPT = '[Enter] do it  [s] skip it  [c] continue to the end  [n] namespaces  [m] mounts  [q] quit '
const WHO = {
  host: 'the parent, on the host',
  container: 'the child, becoming the container',
  cleanup: 'the parent, cleaning up',
} as const

/** @param interactive the container reads our standard input: keys are then read from the terminal itself */
export function walk({ interactive }: { interactive: boolean }): Watch {
  const keys = openKeys(interactive)
  const { bold, dim, good, bad, number: numbered } = palette(keys.output, process.env)
  let memory: Int32Array
  let procFd: number
  let total: number
  let namespacesOfHost: NamespaceIds
  let namespaces: NamespaceIds
  let mounts: Mounts
  let half: string | undefined

  const say = (text: string): void => {
    attempt('write', [keys.output, `${text}\n`])
  }
  const sayAll = (lines: readonly string[]): void => {
    for (const line of lines) say(`     ${line}`)
  }
  const look = (): void => {
    namespaces = readNamespaceIds(procFd)
    mounts = readMounts(procFd)
  }
  const show = ({ number, step, half: where }: NumberedStep): void => {
    if (where !== half) {
      if (half !== undefined) look()
      half = where
      say(`\n${bold(`══ ${WHO[where]} ══`)}`)
    }
    const from = step.at === undefined ? '' : dim(`  ${typeof step.at === 'string' ? step.at : step.at[0]}`)
    say(`\n${numbered(`${number}/${total}`)}  ${bold(printStep(step))}`)
    say(`     ${step.why}${from}`)
    const page = manPage(step)
    if (page) say(`     ${dim(`man ${page}`)}`)
  }
  const ask = (): 'run' | 'skip' | 'quit' => {
    for (;;) {
      switch (keys.read(dim(PROMPT))) {
        case 'c':
          memory[WORD.WATCH] = CONTINUING
          say('     ... and so on to the end\n')
          return 'run'
        case 's':
          say(`     ${bad('skipped')}: what it would have made is missing from here on`)
          return 'skip'
        case 'q':
          say(`     ${bad('stopped')}: the container is ended and what was made is cleaned up`)
          return 'quit'
        case 'n':
          sayAll(namespaceChanges(namespacesOfHost, readNamespaceIds(procFd), 'as the host'))
          break
        case 'm': {
          const now = readMounts(procFd)
          sayAll(mountChanges(mounts, now))
          mounts = now
          break
        }
        case '\n':
          return 'run'
      }
    }
  }
  const showChanges = (call: string, outcomes: readonly Outcome[]): void => {
    if (call === 'clone3') {
      const child = outcomes.at(-1)?.result ?? 0
      if (child > 0)
        sayAll(namespaceChanges(namespacesOfHost, readNamespaceIds(procFd, child), 'as the host'))
    } else if (CHANGES_NAMESPACES.has(call)) {
      const now = readNamespaceIds(procFd)
      sayAll(namespaceChanges(namespaces, now, 'as before'))
      namespaces = now
    } else if (CHANGES_MOUNTS.has(call)) {
      const now = readMounts(procFd)
      sayAll(mountChanges(mounts, now))
      mounts = now
    }
  }

  return {
    begin(execution) {
      ;({ memory, procFd } = execution)
      total = execution.steps.length
      look()
      namespacesOfHost = namespaces
    },
    before(step) {
      if (memory[WORD.WATCH] !== STEPPING) return 'run'
      show(step)
      return step.step.is === 'skipped' ? 'skip' : ask()
    },
    after({ step }, outcomes) {
      if (memory[WORD.WATCH] !== STEPPING) return
      say(`     ${printOutcomes(step, outcomes, { good, bad })}`)
      if (step.is === 'call') showChanges(step.call, outcomes)
    },
  }
}

type Paint = (text: string) => string

/** `= 3, kept as $root`; of repetitions, how often each result came. */
function printOutcomes(step: Step, outcomes: readonly Outcome[], paint: { good: Paint; bad: Paint }): string {
  const counts = new Map<string, number>()
  for (const outcome of outcomes) {
    const text = printOutcome(outcome, paint)
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  const results =
    counts.size > 3
      ? [paint.good(`= ${outcomes.map((one) => one.result).join(', ')}`)]
      : [...counts].map(([text, count]) => (count > 1 ? `${text} ×${count}` : text))
  const into = step.is === 'call' ? keptAs(step, outcomes) : undefined
  return `${results.join(', ')}${into ? `  kept as $${into}` : ''}`
}

function keptAs({ into }: CallStep, outcomes: readonly Outcome[]): string | undefined {
  return into === undefined || isEach(into) || (outcomes[0]?.result ?? -1) < 0 ? undefined : into.slot
}

function printOutcome(
  { result, failed, tolerated }: Outcome,
  { good, bad }: { good: Paint; bad: Paint },
): string {
  if (result === undefined) return 'passed over: there is nothing to do it with'
  if (!failed) return good(`= ${result}`)
  return tolerated ? `= -1 ${errnoName(-result)} (tolerated)` : bad(`= -1 ${errnoName(-result)}`)
}
