/** The plan of `alpine sh`: every call of it, and what a container is like that was made without it. */
import { CLONE } from '../../linux/abi/flags.ts'
import { CHAPTERS, type Chapter } from '../build/chapters.ts'
import { NOTHING, type PlannedStep, readPlan, sameAsNative, whatBreaks } from '../build/variants.ts'
import { type Lesson, type LessonStep, step } from '../lesson.ts'
import type { Stage } from '../stage.ts'

const inChapter = (chapter: Chapter, steps: readonly PlannedStep[]): PlannedStep[] =>
  steps.filter((one) => CHAPTERS.find((each) => each.takes(one)) === chapter)

const chapterStep = (chapter: Chapter): LessonStep =>
  step({
    claim: chapter.claim,
    why: chapter.why,
    evidence: (stage: Stage) =>
      Object.fromEntries(
        inChapter(chapter, readPlan(stage)).map((one) => [
          `${one.step}`,
          { from: one.why, call: one.print, 'without it': whatBreaks(stage, one) },
        ]),
      ),
    // What nobody would miss has no place in a plan; but some calls guard against what only an attacker would do.
    assert: (seen) => {
      const missed = Object.values(seen).filter((one) => one['without it'] !== NOTHING)
      return missed.length >= chapter.least
    },
  })

export const buildAContainer: Lesson = {
  name: 'build-a-container',
  group: 'Whole containers',
  summary: 'The plan of a container, call by call, and what breaks without each',
  needs: { root: true, image: true },
  standIn: { flags: CLONE.NEWNS | CLONE.NEWUTS | CLONE.NEWIPC | CLONE.NEWNET, when: 'always' },
  steps: [
    step({
      claim:
        'A container is a list of system calls: TypeScript makes them one at a time, and so does a tiny ELF',
      why: 'Both run the same plan. A program inside looks around and writes down what it sees: the same, line by line.',
      evidence: sameAsNative,
      assert: ({ container }) => container.differences === 0 && container['lines seen'] > 40,
    }),
    ...CHAPTERS.map(chapterStep),
  ],
  ending: 'Walk it yourself, one key for each call: `tinyctr run --step alpine sh`.',
}
