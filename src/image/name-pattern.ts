/** Patterns of image names (`--filter reference=...`), matched as Docker does: Go's path.Match on the familiar name. */
import { RegistryError } from '../errors.ts'
import { familiarName, familiarReference, parseReference, type Reference } from './reference.ts'

/** `*`, `?` and `[a-z]` within one component. @throws RegistryError with Go's words. */
function globToRegExp(pattern: string): RegExp {
  let expression = ''
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!
    if (character === '*') expression += '[^/]*'
    else if (character === '?') expression += '[^/]'
    else if (character === '[') {
      const end = pattern.indexOf(']', at + 2)
      if (end < 0) throw new RegistryError(`Cannot use the pattern ${pattern}: syntax error in pattern`)
      const set = pattern.slice(at + 1, end).replace(/[\\[\]]/g, '\\$&')
      expression += `[${set}]`
      at = end
    } else {
      if (character === '\\') at++
      expression += (pattern[at] ?? '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    }
  }
  return new RegExp(`^${expression}$`)
}

/** Whether a name fits: with its tag, or the repository alone. A name in full (`docker.io/library/alpine`) fits too. */
export function namePattern(pattern: string): (reference: Reference) => boolean {
  const expressions = [globToRegExp(pattern)]
  const full = familiar(pattern)
  if (full !== undefined) expressions.push(globToRegExp(full))
  return (reference) =>
    expressions.some(
      (expression) =>
        expression.test(familiarReference(reference)) || expression.test(familiarName(reference)),
    )
}

function familiar(pattern: string): string | undefined {
  try {
    const reference = parseReference(pattern)
    return /[:@][^/]*$/.test(pattern) ? familiarReference(reference) : familiarName(reference)
  } catch {
    return undefined
  }
}
