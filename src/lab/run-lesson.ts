/** One lesson from its first word to its last: played here or elsewhere, told to people or to machines. */
import { call } from '../linux/call.ts'
import type { Lesson } from './lesson.ts'
import { narrator } from './narrate.ts'
import { writableCgroups } from './needs.ts'
import { type LessonReport, playSteps, type StepReport } from './play.ts'
import { openStage } from './stage.ts'
import { openKeys } from './walk/keys.ts'

export interface LessonOptions {
  readonly skip: readonly number[]
  /** Goes on by itself. */
  readonly yes: boolean
  /** `stream`: each step as a line, as soon as it was played. */
  readonly told: 'people' | 'json' | 'stream'
  readonly columns: number
}

export const isRootless = (): boolean => call('geteuid', []) !== 0

/** What stands in for the host in this playing, if anything does. */
export const standInOf = ({ standIn }: Lesson, skip: readonly number[]): number | undefined =>
  standIn && (standIn.when === 'always' || skip.length > 0) ? standIn.flags : undefined

/** The steps, played on this host by this process (which may clone itself: becomeSingleThreaded). */
export function* playHere(
  lesson: Lesson,
  skip: readonly number[],
  { image, dataRoot }: { readonly image: string | undefined; readonly dataRoot: string },
): Generator<StepReport> {
  const stage = openStage({
    rootless: isRootless(),
    standIn: standInOf(lesson, skip),
    image,
    dataRoot,
    cgroupMount: writableCgroups(),
  })
  try {
    yield* playSteps(lesson, stage, skip)
  } finally {
    stage.close()
  }
}

/** @returns the report; undefined when somebody had enough */
export function tell(
  lesson: Lesson,
  reports: Iterable<StepReport>,
  where: LessonReport['where'],
  { skip, yes, told, columns }: LessonOptions,
): LessonReport | undefined {
  const people = told === 'people' ? narrator(1, columns) : undefined
  const keys = people && !yes ? openKeys(false) : undefined
  const rootless = isRootless() && where === 'host'
  people?.begin(lesson, notes(where, rootless, standInOf(lesson, skip) !== undefined))
  const steps: StepReport[] = []
  for (const report of reports) {
    steps.push(report)
    people?.step(report, lesson.steps.length)
    if (told === 'stream') call('write', [1, `${JSON.stringify(report)}\n`])
    const last = report.step === lesson.steps.length
    if (keys && !last && keys.read('[Enter] goes on  [q] quits ') === 'q') return undefined
  }
  const holds = steps.length === lesson.steps.length && steps.every((one) => one.holds)
  const report = { lesson: lesson.name, where, rootless, steps, holds }
  people?.end(lesson, report)
  return report
}

function notes(where: LessonReport['where'], rootless: boolean, replaced: boolean): string[] {
  return [
    ...(where === 'uml'
      ? [
          'In a User Mode Linux kernel of its own: this host lacks what the lesson needs. "host" is that kernel.',
        ]
      : []),
    ...(rootless ? ['As an ordinary user: each process is root in a user namespace of its own first.'] : []),
    ...(replaced
      ? ['A copy in namespaces of its own plays the host: nothing here reaches the real one.']
      : []),
  ]
}
