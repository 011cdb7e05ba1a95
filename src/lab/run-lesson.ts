/** One lesson from its needs to its last word. */
import { call } from '../linux/call.ts'
import type { Lesson } from './lesson.ts'
import { narrator } from './narrate.ts'
import { unmetNeed, writableCgroups } from './needs.ts'
import { type LessonReport, playSteps, type StepReport } from './play.ts'
import { openStage } from './stage.ts'
import { openKeys } from './walk/keys.ts'

export interface LessonOptions {
  readonly skip: readonly number[]
  /** Goes on by itself. */
  readonly yes: boolean
  readonly json: boolean
  readonly columns: number
  /** The file tree of the image that comes with tinyctr, where the lesson needs it. */
  readonly image?: string | undefined
  readonly where: LessonReport['where']
}

/** What is missing, when it cannot be played here. */
export const whyNot = ({ needs = {} }: Lesson): string | undefined => unmetNeed(needs)

/** @returns the report; undefined when somebody had enough */
export function runLesson(lesson: Lesson, options: LessonOptions): LessonReport | undefined {
  const rootless = call('geteuid', []) !== 0
  const { standIn } = lesson
  const replaced =
    standIn && (standIn.when === 'always' || options.skip.length > 0) ? standIn.flags : undefined
  const stage = openStage({
    rootless,
    standIn: replaced,
    image: options.image,
    cgroupMount: writableCgroups(),
  })
  const told = options.json ? undefined : narrator(1, options.columns)
  const keys = options.yes || options.json ? undefined : openKeys(false)
  try {
    told?.begin(lesson, notesOf(options, rootless, replaced !== undefined))
    const steps: StepReport[] = []
    for (const report of playSteps(lesson, stage, options.skip)) {
      steps.push(report)
      told?.step(report, lesson.steps.length)
      if (keys && report.step < lesson.steps.length && keys.read('[Enter] goes on  [q] quits ') === 'q')
        return undefined
    }
    const report = {
      lesson: lesson.name,
      where: options.where,
      rootless,
      steps,
      holds: steps.every((one) => one.holds),
    }
    told?.end(lesson, report)
    return report
  } finally {
    stage.close()
  }
}

function notesOf({ where }: LessonOptions, rootless: boolean, replaced: boolean): string[] {
  return [
    ...(where === 'uml'
      ? ['In a User Mode Linux kernel of its own: this host lacks what the lesson needs.']
      : []),
    ...(rootless ? ['As an ordinary user: each process is root in a user namespace of its own first.'] : []),
    ...(replaced
      ? ['A copy in namespaces of its own plays the host: nothing here reaches the real one.']
      : []),
  ]
}
