/** What each entry of a container in the systemd journal says of it: docker's fields (daemon/logger/journald). */
import { StateError } from '../../errors.ts'
import { fileType } from '../../linux/file.ts'
import { spoilPremises } from '../../linux/premises.ts'
import type { RunOptions } from '../run-options.ts'
import { generatedName } from './generated-name.ts'

const SOCKET = '/run/systemd/journal/socket'

/** @throws StateError where no journal listens */
export function journalFields(id: string, options: RunOptions, labels: Record<string, string>): string {
  // The fields have the id in them, and its first digits.
  spoilPremises()
  if (fileType(SOCKET) === undefined)
    throw new StateError(
      `failed to initialize logging driver: journald is not enabled on this host: nobody listens on ${SOCKET}`,
    )
  const name = options.name ?? generatedName(id)
  const tag = expandTag(options.log.options.tag ?? '{{.ID}}', { id, name, options })
  const fields = {
    CONTAINER_ID: id.slice(0, 12),
    CONTAINER_ID_FULL: id,
    CONTAINER_NAME: name,
    CONTAINER_TAG: tag,
    IMAGE_NAME: options.image,
    SYSLOG_IDENTIFIER: tag,
    ...chosen(labels, options.log.options.labels, options.log.options['labels-regex']),
    ...chosen(variables(options.environment), options.log.options.env, options.log.options['env-regex']),
  }
  return Object.entries(fields)
    .map(([field, value]) => `${field}=${value.replaceAll('\n', ' ')}\n`)
    .join('')
}

/** The few templates that people write; docker's take any of Go's. */
function expandTag(
  template: string,
  { id, name, options }: { id: string; name: string; options: RunOptions },
): string {
  const values: Record<string, string> = {
    ID: id.slice(0, 12),
    FullID: id,
    Name: name,
    ImageName: options.image,
    DaemonName: 'tinyctr',
  }
  return template.replace(/\{\{ *\.(\w+) *\}\}/g, (whole, field: string) => values[field] ?? whole)
}

const variables = (environment: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    environment
      .filter((one) => one.includes('='))
      .map((one) => [one.split('=', 1)[0]!, one.slice(one.indexOf('=') + 1)]),
  )

/** By name and by expression; their names as fields may be: `com.example-a` is COM_EXAMPLE_A. */
function chosen(all: Record<string, string>, names = '', expression?: string): Record<string, string> {
  const wanted = new Set(names.split(',').filter(Boolean))
  const pattern = expression === undefined ? undefined : new RegExp(expression)
  return Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => wanted.has(name) || pattern?.test(name))
      .map(([name, value]) => [
        name
          .toUpperCase()
          .replaceAll(/[^A-Z0-9_]/g, '_')
          .replace(/^_+/, ''),
        value,
      ]),
  )
}
