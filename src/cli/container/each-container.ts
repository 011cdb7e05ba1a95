/** Verbs that take several containers: each on its own, and each failure told, as docker does. */
import { type Container, findContainer } from '../../engine/container/list.ts'
import { nameLookup } from '../../engine/container/names.ts'
import { describeFailure } from '../failure.ts'
import { print, printError } from '../screen/output.ts'

interface Found {
  readonly word: string
  readonly container: Container
}

/** @returns those that there are, and 1 if there was one that is not */
export function findEach(words: readonly string[], dataRoot: string): { found: Found[]; exitCode: number } {
  const found: Found[] = []
  const nameOf = nameLookup(dataRoot)
  let exitCode = 0
  for (const word of words) {
    try {
      found.push({ word, container: findContainer(dataRoot, word, nameOf) })
    } catch (error) {
      tell(error)
      exitCode = 1
    }
  }
  return { found, exitCode }
}

/** Prints the word for each that `work` did not fail for. @returns the exit code */
export async function eachContainer(
  words: readonly string[],
  dataRoot: string,
  work: (container: Container, word: string) => Promise<void> | void,
): Promise<number> {
  const { found, exitCode } = findEach(words, dataRoot)
  let code = exitCode
  for (const { word, container } of found) {
    try {
      await work(container, word)
      print(word)
    } catch (error) {
      tell(error)
      code = 1
    }
  }
  return code
}

export function tell(error: unknown): void {
  printError(describeFailure(error, undefined, false))
}
