/** What `doctor` finds out about this machine, and what mends it. */
export interface Finding {
  readonly subject: string
  /** `missing`: containers do not run without it. `limited`: something that may be asked for does not work. */
  readonly state: 'good' | 'limited' | 'missing'
  readonly fact: string
  /** What to do about it: a command where there is one. */
  readonly cure?: string
}

export const good = (subject: string, fact: string): Finding => ({ subject, state: 'good', fact })
export const limited = (subject: string, fact: string, cure: string): Finding => ({
  subject,
  state: 'limited',
  fact,
  cure,
})
export const missing = (subject: string, fact: string, cure: string): Finding => ({
  subject,
  state: 'missing',
  fact,
  cure,
})

export interface Examined {
  readonly rootless: boolean
  readonly dataRoot: string
  readonly kernel: readonly [major: number, minor: number]
}

export const atLeast = ([major, minor]: Examined['kernel'], ...wanted: readonly [number, number]): boolean =>
  major > wanted[0] || (major === wanted[0] && minor >= wanted[1])
