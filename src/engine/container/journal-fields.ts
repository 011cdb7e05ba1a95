/** What each entry of a container in the systemd journal says of it: docker's fields (daemon/logger/journald). */
import { StateError } from '../../errors.ts'
import { fileType } from '../../linux/file.ts'
import { spoilPremises } from '../../linux/premises.ts'
import type { RunOptions } from '../run-options.ts'
import { generatedName } from './generated-name.ts'
import { logAttributes } from './log-attributes.ts'

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
    ...asFields(logAttributes(options, labels)),
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

/** As names of fields may be: `com.example-a` is COM_EXAMPLE_A. */
const asFields = (attributes: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name
        .toUpperCase()
        .replaceAll(/[^A-Z0-9_]/g, '_')
        .replace(/^_+/, ''),
      value,
    ]),
  )
