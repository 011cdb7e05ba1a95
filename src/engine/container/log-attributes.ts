/** What `--log-opt labels, labels-regex, env, env-regex` add to each entry of a log (moby daemon/logger/loginfo.go). */
import type { RunOptions } from '../run-options.ts'

/** By name, as the container has them. */
export function logAttributes(
  { environment, log: { options } }: RunOptions,
  labels: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    ...chosen(labels, options.labels, options['labels-regex']),
    ...chosen(variables(environment), options.env, options['env-regex']),
  }
}

const variables = (environment: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    environment
      .filter((one) => one.includes('='))
      .map((one) => [one.split('=', 1)[0]!, one.slice(one.indexOf('=') + 1)]),
  )

function chosen(
  all: Readonly<Record<string, string>>,
  names = '',
  expression?: string,
): Record<string, string> {
  const wanted = new Set(names.split(',').filter(Boolean))
  const pattern = expression === undefined ? undefined : new RegExp(expression)
  return Object.fromEntries(
    Object.entries(all).filter(([name]) => wanted.has(name) || pattern?.test(name) === true),
  )
}

/** As `logs --details` prints them: `a=b,c=d`, each escaped as Go's url.QueryEscape has it. */
export const printAttributes = (attributes: Readonly<Record<string, string>>): string =>
  Object.entries(attributes)
    .map(([name, value]) => `${queryEscape(name)}=${queryEscape(value)}`)
    .sort()
    .join(',')

const queryEscape = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
