/** `-v SOURCE:DESTINATION[:OPTIONS]` (moby volume/mounts/linux_parser.go). */
import { UsageError } from '../errors.ts'
import { parseDestination } from './container-path.ts'
import { type BindRequest, type Propagation, propagations } from './mount-request.ts'

/** Each mode belongs to a group of which one may be given; some have no meaning for a bind mount on Linux. */
const groups: readonly (readonly string[])[] = [
  ['ro', 'rw'],
  ['z', 'Z'],
  propagations,
  ['nocopy'],
  ['consistent', 'cached', 'delegated', 'default'],
]

function validModes(text: string): string[] | undefined {
  const modes = text === '' ? [] : text.split(',')
  const used = modes.map((mode) => groups.findIndex((group) => group.includes(mode)))
  return used.includes(-1) || new Set(used).size < used.length ? undefined : modes
}

/** Docker takes these for folders; any other source is the name of a volume. */
const isPath = (source: string): boolean => /^(?:\/|\.\.?(?:\/|$))/.test(source)

/** @throws UsageError with Docker's words; named and anonymous volumes are not in this version */
export function parseVolume(text: string): BindRequest {
  const [source = '', destination, options = '', ...more] = text.split(':')
  if (source === '' || destination === '' || more.length > 0) {
    throw new UsageError(`invalid volume specification: '${text}'`)
  }
  if (destination === undefined) {
    throw new UsageError(`an anonymous volume at ${source}: volumes come in a later version of tinyctr`)
  }
  if (options === '' && validModes(destination) !== undefined) {
    throw new UsageError(`invalid volume specification: '${text}'`)
  }
  const modes = validModes(options)
  if (modes === undefined) throw new UsageError(`invalid mode: ${options}`)
  if (!isPath(source)) {
    throw new UsageError(
      `the named volume ${source}: volumes come in a later version of tinyctr (./${source} is a folder)`,
    )
  }
  return {
    type: 'bind',
    source,
    destination: parseDestination(destination),
    readonly: modes.includes('ro'),
    createSource: true,
    recursive: true,
    recursiveReadonly: true,
    propagation: (modes.find((mode) => propagations.includes(mode)) ?? 'rprivate') as Propagation,
  }
}
