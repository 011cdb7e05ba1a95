/** The table of contents. */
import { GROUPS } from './lesson.ts'
import { lessons } from './lessons.ts'
import { placeFor } from './needs.ts'

interface Listed {
  readonly lesson: string
  readonly group: string
  readonly summary: string
  readonly steps: number
  /** The steps that do something: what `--skip` can leave out. */
  readonly acts: readonly number[]
  /** `uml`: in a kernel of its own. */
  readonly where: 'host' | 'uml' | 'nowhere'
  /** Why it cannot be played here. */
  readonly needs?: string
}

export async function listLessons(): Promise<Listed[]> {
  const loaded = await Promise.all(Object.values(lessons).map((load) => load()))
  return loaded.map((lesson) => {
    const place = placeFor(lesson.needs)
    const { name, group, summary, steps } = lesson
    const acts = steps.flatMap((one, i) => (one.do ? [i + 1] : []))
    return {
      lesson: name,
      group,
      summary,
      steps: steps.length,
      acts,
      where: place.at,
      ...(place.at === 'nowhere' ? { needs: place.because } : {}),
    }
  })
}

export function printLessons(listed: readonly Listed[]): string {
  const width = Math.max(...listed.map(({ lesson }) => lesson.length)) + 3
  const groups = GROUPS.map((group) => listed.filter((one) => one.group === group))
  const blocks = groups
    .filter((some) => some.length > 0)
    .map((some) =>
      [
        some[0]?.group,
        ...some.flatMap(({ lesson, summary, needs }) => [
          `  ${lesson.padEnd(width)}${summary}`,
          ...(needs === undefined ? [] : [`  ${''.padEnd(width)}(${needs})`]),
        ]),
      ].join('\n'),
    )
  return [
    ...blocks,
    "Play one with 'tinyctr lab LESSON'. Leave out what a step does with --skip N, and see what breaks.\nFigures: 'tinyctr lab containers-vs-vms'. A running system: 'tinyctr lab view'.",
  ].join('\n\n')
}
