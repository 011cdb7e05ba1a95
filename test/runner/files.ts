/** Which test files a command line means: none named, all but the long ones; a folder, those below it; a file, that file. */
import { readdirSync, statSync } from 'node:fs'
import { join, normalize } from 'node:path'

/** Suites of others, minutes long: each is run by its own npm script. */
const long = /^test\/(conformance|engines)\//

export function findTests(paths: readonly string[]): string[] {
  const found = (paths.length > 0 ? paths : ['test'])
    .flatMap((path) =>
      statSync(path, { throwIfNoEntry: false })?.isDirectory() ? testsBelow(path) : existing(path),
    )
    .filter((path) => paths.length > 0 || !long.test(path))
  return [...new Set(found.map((path) => normalize(path)))].sort()
}

function testsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
}

function existing(path: string): string[] {
  return statSync(path, { throwIfNoEntry: false }) ? [path] : []
}
