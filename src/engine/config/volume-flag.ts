/** `-v SOURCE:DESTINATION[:OPTIONS]` (moby volume/mounts/linux_parser.go). */
import { UsageError } from '../../errors.ts'
import { parseDestination } from './container-path.ts'
import { type BindRequest, type Propagation, propagations, type VolumeRequest } from './mount-request.ts'

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

/** @throws UsageError with Docker's words */
export function parseVolume(text: string): BindRequest | VolumeRequest {
  const [source = '', destination, options = '', ...more] = text.split(':')
  if (source === '' || destination === '' || more.length > 0) {
    throw new UsageError(`invalid volume specification: '${text}'`)
  }
  if (destination === undefined) return volume('', source, [])
  if (options === '' && validModes(destination) !== undefined) {
    throw new UsageError(`invalid volume specification: '${text}'`)
  }
  const modes = validModes(options)
  if (modes === undefined) throw new UsageError(`invalid mode: ${options}`)
  if (!isPath(source)) {
    // Propagation is a matter of what is on the host.
    if (modes.some((mode) => propagations.includes(mode))) throw new UsageError(`invalid mode: ${options}`)
    return volume(source, destination, modes)
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

const volume = (name: string, destination: string, modes: readonly string[]): VolumeRequest => ({
  type: 'volume',
  name,
  destination: parseDestination(destination),
  readonly: modes.includes('ro'),
  noCopy: modes.includes('nocopy'),
})
