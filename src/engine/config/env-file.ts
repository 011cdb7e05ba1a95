/** Environment variables and labels from flags and from files of lines, by Docker's rules (cli/opts/file.go). */
import { UsageError } from '../../errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * `-e`: `NAME=value` as it is; `NAME` takes the host's value. A NAME the host does not have stays bare, which later
 * removes the image's variable of that name.
 */
export function expandVariable(text: string, host: Environment): string {
  if (text.includes('=')) return text
  const value = host[text]
  return value === undefined ? text : `${text}=${value}`
}

/** @throws UsageError for a variable without a name */
export function parseVariable(text: string): string {
  if (text === '' || text.startsWith('=')) throw new UsageError(`invalid environment variable: ${text}`)
  return text
}

/** @throws UsageError for a label without a name */
export function parseLabel(text: string): [name: string, value: string] {
  const [name = '', value] = cut(text)
  if (name.trim() === '') throw new UsageError(`invalid label '${text}': empty name`)
  return [name, value ?? '']
}

/** `a=b=c` -> `['a', 'b=c']`; `a` -> `['a', undefined]`. */
function cut(text: string): [string, string | undefined] {
  const at = text.indexOf('=')
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

/**
 * The lines of an env file or a label file: comments and empty lines left out, quotes and blanks in the value kept.
 * @throws UsageError naming the file and the line
 */
function* lines(path: string, text: string): Generator<[name: string, value: string | undefined]> {
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    const line = raw.replace(/\r$/, '').replace(/^[ \t]+/, '')
    if (line === '' || line.startsWith('#')) continue
    if (line.includes('\ufffd'))
      throw new UsageError(`invalid env file (${path}): invalid utf8 bytes at line ${index + 1}`)
    const [name, value] = cut(line)
    if (name === '') throw new UsageError(`invalid env file (${path}): no variable name on line '${line}'`)
    if (/[ \t]/.test(name))
      throw new UsageError(`invalid env file (${path}): variable '${name}' contains whitespaces`)
    yield [name, value]
  }
}

/** An `--env-file`: a NAME alone takes the host's value, and is left out if the host has none. */
export function parseEnvFile(path: string, text: string, host: Environment): string[] {
  const variables: string[] = []
  for (const [name, typed] of lines(path, text)) {
    const value = typed ?? host[name]
    if (value !== undefined) variables.push(`${name}=${value}`)
  }
  return variables
}

/** A `--label-file`: a name alone is a label with an empty value. */
export const parseLabelFile = (path: string, text: string): [name: string, value: string][] =>
  Array.from(lines(path, text), ([name, value]) => [name, value ?? ''])
