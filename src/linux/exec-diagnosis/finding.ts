/** What was found out about a program that would not run, in the words that engines look for in their runtime's errors. */

export interface Finding {
  readonly means: string
  readonly do?: string
  /** As env(1) has it: 127 where execve(2) said that something is missing, 126 where it is there but cannot run. */
  readonly exitCode: 126 | 127
}

const because =
  (exitCode: 126 | 127, text: string) =>
  (path: string, fact: string, cure?: string): Finding => ({
    means: `"${path}": ${text}: ${fact}`,
    ...(cure === undefined ? {} : { do: cure }),
    exitCode,
  })

export const missing = because(127, 'no such file or directory')
export const forbidden = because(126, 'permission denied')
export const unrunnable = because(126, 'exec format error')
export const circular = because(126, 'too many levels of symbolic links')
