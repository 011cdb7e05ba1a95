/** Finds a lesson what it needs: the image that comes with tinyctr, or a kernel with the controllers. */
import { builtInImage } from '../engine/image/fixture.ts'
import type { Lesson } from './lesson.ts'
import { placeFor } from './needs.ts'
import type { LessonReport } from './play.ts'
import { playInMachine } from './play-in-machine.ts'
import { type LessonOptions, playHere, tell } from './run-lesson.ts'

export interface PlayOptions extends LessonOptions {
  readonly dataRoot: string
}

/** `refused`: what this host lacks. Neither: somebody had enough. */
export interface Played {
  readonly refused?: string
  readonly report?: LessonReport
}

export async function playWhereItCan(lesson: Lesson, options: PlayOptions): Promise<Played> {
  const place = placeFor(lesson.needs)
  if (place.at === 'nowhere') return { refused: place.because }
  const needsImage = lesson.needs?.image || place.at === 'uml'
  const image = needsImage ? await builtInImage(options.dataRoot) : undefined
  const [tree] = image?.layerDirectories ?? []
  if (needsImage && tree === undefined) {
    return { refused: 'needs the image that comes with tinyctr (rootfs-fixtures/busybox)' }
  }
  const reports =
    place.at === 'uml'
      ? playInMachine(lesson.name, options.skip, `${tree}/bin/busybox`)
      : playHere(lesson, options.skip, { image: tree, dataRoot: options.dataRoot })
  const report = tell(lesson, reports, place.at, options)
  return report ? { report } : {}
}
