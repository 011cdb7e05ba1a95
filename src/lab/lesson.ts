/**
 * A lesson as data: steps that each make a claim, do something about it, look at what the kernel says, and hold the
 * claim against that. One engine plays them (play.ts); nothing here prints.
 */
import type { Stage } from './stage.ts'

type Value = string | number | boolean

/** What was looked at, and what each onlooker saw there: `{ from: '/proc/uptime', host: 12, container: 99 }`. */
export interface Observation {
  /** The file, call or program that said so. */
  readonly from: string
  readonly [onlooker: string]: Value
}

export type Evidence = Readonly<Record<string, Observation>>

export interface LessonStep<Seen extends Evidence = Evidence> {
  readonly claim: string
  /** Read out before the claim is put to the test. */
  readonly why: string
  /** Left out by `--skip`. Absent: the step only looks. */
  readonly do?: (stage: Stage) => void
  readonly evidence: (stage: Stage) => Seen
  readonly assert: (seen: Seen) => boolean
}

export interface Lesson {
  readonly name: string
  readonly group: Group
  readonly summary: string
  readonly needs?: Needs
  /**
   * Namespaces (CLONE flags) in which a copy of the host plays the host: whatever a step does, or a left-out step no
   * longer keeps it from doing, ends with the lesson. `always`, or only when a step is left out.
   */
  readonly standIn?: { readonly flags: number; readonly when: 'always' | 'skipping' }
  readonly steps: readonly LessonStep[]
  /** Said when every claim was shown. */
  readonly ending: string
}

export const GROUPS = ['Namespaces', 'Control groups', 'Files', 'Security', 'Whole containers'] as const
type Group = (typeof GROUPS)[number]

export interface Needs {
  /** Real root: what an ordinary user gets in a user namespace is not enough. */
  readonly root?: boolean
  /** Control groups that may be made. */
  readonly cgroup?: boolean
  /** cgroup v2 controllers: where they are missing the lesson runs in a kernel of its own. */
  readonly controllers?: readonly string[]
  /** Files and folders that a kernel without the feature lacks, with its name. */
  readonly kernel?: readonly { readonly path: string; readonly feature: string }[]
  /** The file tree of the image that comes with tinyctr. */
  readonly image?: boolean
  /** A virtual machine. */
  readonly machine?: boolean
}

/** Types `assert` by what `evidence` returns. */
export const step = <const Seen extends Evidence>(one: LessonStep<Seen>): LessonStep =>
  one as unknown as LessonStep

/** Fails with what stands between claim and kernel, in the words of the lesson. */
export class LessonError extends Error {
  override name = 'LessonError'
}
