/**
 * registries.conf: which host answers for a registry, mirrors first, and which are insecure or blocked
 * (containers-registries.conf(5), version 2). Short names are not looked up: `alpine` is Docker Hub's, always.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'smol-toml'
import { ConfigError } from '../../errors.ts'

export interface Mirror {
  location: string
  insecure: boolean
  /** Which references it serves. */
  serves: 'all' | 'digest-only' | 'tag-only'
}

export interface RegistryRule {
  /** `host[:port][/path]`, or `*.domain`. */
  prefix: string
  location: string
  insecure: boolean
  blocked: boolean
  mirrors: Mirror[]
  /** The file it stands in, for errors. */
  file: string
}

type Table = Record<string, unknown>

function field<T extends string | boolean>(table: Table, key: string, fallback: T, at: string): T {
  const value = table[key] ?? fallback
  if (typeof value !== typeof fallback) {
    throw new ConfigError('', `${at}: ${key} is not a ${typeof fallback}`)
  }
  return value as T
}

function tables(parent: Table, key: string, at: string): Table[] {
  const value = parent[key] ?? []
  if (!Array.isArray(value)) throw new ConfigError('', `${at}: [[${key}]] is not a list of tables`)
  return value as Table[]
}

/** The rules of one file. @throws ConfigError */
export function parseRegistriesConf(text: string, file: string): RegistryRule[] {
  let document: Table
  try {
    document = parse(text)
  } catch (cause) {
    throw new ConfigError('', `Cannot read ${file}: ${(cause as Error).message.split('\n')[0]}`, { cause })
  }
  if ('registries' in document) {
    throw new ConfigError('', `Cannot read ${file}: it is in the format of 2018; write [[registry]] tables`)
  }
  const at = `Cannot read ${file}`
  return tables(document, 'registry', at).map((table) => {
    const location = field<string>(table, 'location', '', at)
    const prefix = field<string>(table, 'prefix', location, at)
    if (prefix === '') throw new ConfigError('', `${at}: a [[registry]] has neither prefix nor location`)
    const mirrors = tables(table, 'mirror', at).map((mirror) => readMirror(mirror, at))
    const digestsOnly = field<boolean>(table, 'mirror-by-digest-only', false, at)
    return {
      prefix: prefix.replace(/\/+$/, ''),
      location: location.replace(/\/+$/, ''),
      insecure: field<boolean>(table, 'insecure', false, at),
      blocked: field<boolean>(table, 'blocked', false, at),
      mirrors: digestsOnly ? mirrors.map((mirror) => ({ ...mirror, serves: 'digest-only' })) : mirrors,
      file,
    }
  })
}

function readMirror(table: Table, at: string): Mirror {
  const location = field<string>(table, 'location', '', at)
  if (location === '') throw new ConfigError('', `${at}: a [[registry.mirror]] has no location`)
  const serves = field<string>(table, 'pull-from-mirror', 'all', at)
  if (serves !== 'all' && serves !== 'digest-only' && serves !== 'tag-only') {
    throw new ConfigError('', `${at}: pull-from-mirror is "${serves}", not all, digest-only or tag-only`)
  }
  const insecure = field<boolean>(table, 'insecure', false, at)
  return { location: location.replace(/\/+$/, ''), insecure, serves }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes((cause as NodeJS.ErrnoException).code ?? ''))
      return undefined
    throw cause
  }
}

function dropIns(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.conf'))
    return names.sort().map((name) => join(folder, name))
  } catch {
    return []
  }
}

/** The rules of this machine and user: of two with one prefix the later file's. @throws ConfigError */
export function readRegistriesConf(): RegistryRule[] {
  const user = join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'containers')
  const { CONTAINERS_REGISTRIES_CONF: named } = process.env
  const mains = named ? [named] : [join(user, 'registries.conf'), '/etc/containers/registries.conf']
  const main = mains.find((path) => readIfThere(path) !== undefined)
  const files = [
    ...(main === undefined ? [] : [main]),
    ...dropIns('/etc/containers/registries.conf.d'),
    ...dropIns(join(user, 'registries.conf.d')),
  ]
  const rules = new Map<string, RegistryRule>()
  for (const file of files) {
    for (const rule of parseRegistriesConf(readIfThere(file) ?? '', file)) rules.set(rule.prefix, rule)
  }
  return [...rules.values()]
}
