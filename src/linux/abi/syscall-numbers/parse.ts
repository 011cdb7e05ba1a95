/**
 * Reads the tables of this folder. A table is one string: names separated by spaces, numbered upwards; a number
 * among them is the number of the name after it. Numbers are relative to the architecture's base (MIPS, x32).
 */
import { type SeccompArchitecture, seccompArch } from '../seccomp-arch.ts'
import shared from './shared.ts'

const FIRST_SHARED = 424

/** Calls `visit` for each system call of `architecture`, by ascending number. Aliases share a number. */
export function eachSyscall(
  architecture: SeccompArchitecture,
  visit: (name: string, number: number) => void,
): void {
  const { table, numberBase } = seccompArch(architecture)
  let number = 0
  let sharedToCome = true
  const walk = (tokens: string) => {
    for (const token of tokens.split(' ')) {
      if (token === '') continue
      if (token.charCodeAt(0) > 0x39) {
        visit(token, numberBase + number++)
        continue
      }
      if (sharedToCome && Number(token) >= FIRST_SHARED) {
        sharedToCome = false
        walk(shared)
      }
      number = Number(token)
    }
  }
  walk(table)
  if (sharedToCome) {
    sharedToCome = false
    walk(shared)
  }
}

/** Number by name; names that the architecture lacks are absent. */
export function syscallNumbers(architecture: SeccompArchitecture): Map<string, number> {
  const numbers = new Map<string, number>()
  eachSyscall(architecture, (name, number) => numbers.set(name, number))
  return numbers
}
