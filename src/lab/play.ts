/** Plays a lesson: each step is done, looked at and held against its claim. */
import { type Evidence, type Lesson, LessonError, type LessonStep } from './lesson.ts'
import type { Noted } from './stage/subject.ts'
import type { Stage } from './stage.ts'

export interface StepReport {
  readonly step: number
  readonly claim: string
  readonly why: string
  readonly skipped: boolean
  readonly calls: readonly Noted[]
  readonly evidence: Evidence
  readonly holds: boolean
  /** Why there was nothing to look at. */
  readonly error?: string
}

export interface LessonReport {
  readonly lesson: string
  /** The kernel it ran in: the host's, or one of its own. */
  readonly where: 'host' | 'uml'
  readonly rootless: boolean
  readonly steps: readonly StepReport[]
  readonly holds: boolean
}

/** One step at a time, as they are asked for. */
export function* playSteps(lesson: Lesson, stage: Stage, skip: readonly number[]): Generator<StepReport> {
  for (const [index, one] of lesson.steps.entries()) {
    yield playStep(one, index + 1, stage, skip.includes(index + 1))
  }
}

function playStep(one: LessonStep, step: number, stage: Stage, skipped: boolean): StepReport {
  const told = { step, claim: one.claim, why: one.why, skipped }
  stage.takeNotes()
  try {
    if (!skipped) one.do?.(stage)
    const evidence = one.evidence(stage)
    return { ...told, calls: stage.takeNotes(), evidence, holds: one.assert(evidence) }
  } catch (error) {
    // A subject that ended, a file that is not there: then the claim was not shown. A fault of ours is not hidden.
    if (!(error instanceof LessonError) && !/^Cannot /.test(String((error as Error).message))) throw error
    return { ...told, calls: stage.takeNotes(), evidence: {}, holds: false, error: (error as Error).message }
  }
}
