/** `--mount type=bind,source=/a,target=/b,readonly` (docker/cli opts/mount.go). */
import { UsageError } from '../../errors.ts'
import { parseDestination } from './container-path.ts'
import { parseBoolean } from './integer.ts'
import { type MountRequest, type Propagation, propagations, type VolumeRequest } from './mount-request.ts'
import { parseSize } from './size.ts'
import { mergeTmpfsOptions } from './tmpfs-options.ts'

const spelling: Record<string, string> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
}

const known = new Set(
  'type source target readonly consistency bind-propagation bind-nonrecursive bind-recursive bind-create-src tmpfs-size tmpfs-mode volume-driver volume-label volume-nocopy volume-opt volume-subpath'.split(
    ' ',
  ),
)

/** The fields of one line of CSV (RFC 4180): a field in double quotes may hold commas; `""` in it is a quote. */
function csvFields(text: string): string[] {
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y
  const fields: string[] = []
  for (;;) {
    const match = field.exec(text)
    if (match === null) throw new UsageError(`parse error: bare " in '${text}'`)
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2]!)
    if (match[3] === '') return fields
  }
}

function readFields(text: string): Map<string, string> {
  const values = new Map<string, string>()
  for (const field of csvFields(text)) {
    const [, typed = field, value] = /^([^=]*)=(.*)$/s.exec(field) ?? []
    const key = spelling[typed] ?? typed
    if (!known.has(key)) {
      throw new UsageError(
        value === undefined
          ? `invalid field '${field}' must be a key=value pair`
          : `unexpected key '${typed}' in '${field}'`,
      )
    }
    const isSwitch = switches.has(key)
    if (value === undefined && !isSwitch) {
      throw new UsageError(`invalid field '${field}' must be a key=value pair`)
    }
    const before = values.get(key)
    const isList = key === 'volume-label' || key === 'volume-opt'
    values.set(key, isList && before !== undefined ? `${before}\n${value}` : (value ?? 'true'))
  }
  return values
}

const switches = new Set(['readonly', 'bind-nonrecursive', 'bind-create-src', 'volume-nocopy'])

/** @throws UsageError with Docker's words */
export function parseMount(text: string): MountRequest {
  const fields = readFields(text)
  const isTrue = (key: string): boolean => {
    const value = fields.get(key)
    if (value === undefined) return false
    try {
      return parseBoolean(value)
    } catch (cause) {
      throw new UsageError(`invalid value for ${key}: ${value}`, { cause })
    }
  }
  const type = (fields.get('type') ?? 'volume').toLowerCase()
  if (type === '') throw new UsageError('type is required')
  if (type !== 'bind' && type !== 'tmpfs' && type !== 'volume')
    throw new UsageError(`mount type unknown: ${type}`)
  const target = fields.get('target') ?? ''
  if (target === '') throw new UsageError('target is required')
  const destination = parseDestination(target)

  for (const foreign of ['bind', 'volume', 'tmpfs']) {
    if (foreign !== type && [...fields.keys()].some((key) => key.startsWith(`${foreign}-`))) {
      throw new UsageError(`cannot mix '${foreign}-*' options with mount type '${type}'`)
    }
  }
  if (type === 'volume') {
    return volumeOf(fields, destination, isTrue('readonly'), isTrue('volume-nocopy'))
  }

  if (type === 'tmpfs') {
    if (fields.has('source'))
      throw new UsageError(`invalid mount config for type "tmpfs": field Source must not be specified`)
    return { type, destination, options: tmpfsOptions(fields, isTrue('readonly')) }
  }

  const source = fields.get('source') ?? ''
  if (source === '')
    throw new UsageError(`invalid mount config for type "bind": field Source must not be empty`)
  if (!source.startsWith('/') && !/^\.\.?(\/|$)/.test(source)) {
    throw new UsageError(`invalid mount path: '${source}' mount path must be absolute`)
  }
  const propagation = (fields.get('bind-propagation') ?? 'rprivate').toLowerCase()
  if (!propagations.includes(propagation)) throw new UsageError(`invalid propagation mode: ${propagation}`)
  const recursive = bindRecursive(fields.get('bind-recursive') ?? 'enabled')
  return {
    type,
    source,
    destination,
    readonly: isTrue('readonly'),
    createSource: isTrue('bind-create-src'),
    recursive: recursive.mounts && !isTrue('bind-nonrecursive'),
    recursiveReadonly: recursive.readonly,
    propagation: propagation as Propagation,
  }
}

function volumeOf(
  fields: ReadonlyMap<string, string>,
  destination: string,
  readonly: boolean,
  noCopy: boolean,
): VolumeRequest {
  const pairs = (key: string): Record<string, string> => {
    const record: Record<string, string> = {}
    for (const pair of fields.get(key)?.split('\n') ?? []) {
      const equals = pair.indexOf('=')
      record[equals < 0 ? pair : pair.slice(0, equals)] = equals < 0 ? '' : pair.slice(equals + 1)
    }
    return record
  }
  const subpath = fields.get('volume-subpath')
  if (subpath !== undefined && !isLocal(subpath)) {
    throw new UsageError(
      'invalid mount config for type "volume": subpath must be a relative path within the volume',
    )
  }
  return {
    type: 'volume',
    name: fields.get('source') ?? '',
    destination,
    readonly,
    noCopy,
    driver: fields.get('volume-driver'),
    driverOptions: pairs('volume-opt'),
    labels: pairs('volume-label'),
    ...(subpath === undefined ? {} : { subpath }),
  }
}

/** Go's filepath.IsLocal: below where it begins, whatever dots it has. */
function isLocal(path: string): boolean {
  let depth = 0
  for (const part of path.split('/')) {
    if (part === '..') depth--
    else if (part !== '' && part !== '.') depth++
    if (depth < 0) return false
  }
  return path !== '' && !path.startsWith('/')
}

/** `writable`: mounts below a read-only source stay writable. `readonly` is what `enabled` does here (Linux 5.12). */
function bindRecursive(value: string): { mounts: boolean; readonly: boolean } {
  if (value === 'enabled' || value === 'readonly') return { mounts: true, readonly: true }
  if (value === 'writable') return { mounts: true, readonly: false }
  if (value === 'disabled') return { mounts: false, readonly: false }
  throw new UsageError(
    `invalid value for bind-recursive: ${value}: must be "enabled", "disabled", "writable", or "readonly"`,
  )
}

function tmpfsOptions(fields: ReadonlyMap<string, string>, readonly: boolean): string[] {
  const options = readonly ? ['ro'] : []
  const mode = fields.get('tmpfs-mode')
  if (mode !== undefined) {
    if (!/^[0-7]{1,5}$/.test(mode)) throw new UsageError(`invalid value for tmpfs-mode: ${mode}`)
    options.push(`mode=${mode}`)
  }
  const size = fields.get('tmpfs-size')
  if (size !== undefined) options.push(`size=${parseSize(size)}`)
  return mergeTmpfsOptions(options)
}
