/** Finds a lesson what it needs: the built-in image, a kernel with the controllers. */
import type { Lesson } from './lesson.ts'
import type { LessonReport } from './play.ts'
import { type LessonOptions, runLesson, whyNot } from './run-lesson.ts'

export interface PlayOptions extends Pick<LessonOptions, 'skip' | 'yes' | 'json' | 'columns'> {
  readonly dataRoot: string
}

/** `refused`: what this host lacks. Neither: somebody had enough. */
export interface Played {
  readonly refused?: string
  readonly report?: LessonReport
}

export async function playWhereItCan(lesson: Lesson, options: PlayOptions): Promise<Played> {
  const refused = whyNot(lesson)
  if (refused !== undefined) return { refused }
  const report = runLesson(lesson, { ...options, where: 'host' })
  return report ? { report } : {}
}
