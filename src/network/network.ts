/**
 * Networks as they are kept: `<data-root>/networks/<name>.json`, one file a network, written as a whole. What of them is
 * alive (a bridge, addresses taken) is in the kernel and below `--root`, and gone after a reboot.
 */
import { StateError } from '../errors.ts'
import { AT } from '../linux/abi/flags.ts'
import { attempt } from '../linux/call.ts'
import { listFolder, makeFolder, readTextIfAny, writeFileAtomically } from '../linux/file.ts'

export type Driver = 'bridge' | 'macvlan' | 'ipvlan'

/** Addresses of a network, as text. */
export interface AddressPool {
  readonly subnet: string
  readonly gateway?: string
  /** What containers get without asking is of this part. */
  readonly ipRange?: string
  /** Taken by others: name and address. */
  readonly auxiliary?: Readonly<Record<string, string>>
}

export interface Network {
  readonly version: 1
  readonly name: string
  /** 64 hexadecimal digits. */
  readonly id: string
  /** RFC 3339, in nanoseconds. */
  readonly created: string
  readonly driver: Driver
  readonly internal: boolean
  readonly attachable: boolean
  readonly ipv4: boolean
  readonly ipv6: boolean
  readonly pools: readonly AddressPool[]
  /** Docker's `com.docker.network.*` and `parent`, as given. */
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

/** Those that need no record: they have nothing. */
export const BUILT_IN = ['bridge', 'host', 'none'] as const
export const DEFAULT_NETWORK = 'bridge'

const folderOf = (dataRoot: string): string => `${dataRoot}/networks`
const pathOf = (dataRoot: string, name: string): string => `${folderOf(dataRoot)}/${name}.json`

export const isNetworkName = (text: string): boolean => /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(text)

export function readNetwork(dataRoot: string, name: string): Network | undefined {
  if (!isNetworkName(name)) return undefined
  const text = readTextIfAny(pathOf(dataRoot, name))
  return text === undefined ? undefined : (JSON.parse(text) as Network)
}

export function writeNetwork(dataRoot: string, network: Network): void {
  makeFolder(folderOf(dataRoot))
  writeFileAtomically(pathOf(dataRoot, network.name), `${JSON.stringify(network)}\n`)
}

export function forgetNetwork(dataRoot: string, { name }: Network): void {
  attempt('unlinkat', [AT.FDCWD, pathOf(dataRoot, name), 0])
}

/** All of them, by name. */
export function listNetworks(dataRoot: string): Network[] {
  return listFolder(folderOf(dataRoot))
    .filter((file) => file.endsWith('.json'))
    .sort()
    .flatMap((file) => readNetwork(dataRoot, file.slice(0, -'.json'.length)) ?? [])
}

/** By name, id or the beginning of an id. @throws UsageError with Docker's words */
export function findNetwork(dataRoot: string, wanted: string): Network {
  const named = readNetwork(dataRoot, wanted)
  if (named) return named
  const found = wanted === '' ? [] : listNetworks(dataRoot).filter(({ id }) => id.startsWith(wanted))
  if (found.length > 1)
    throw new StateError(`network ${wanted} is ambiguous (${found.length} matches found based on ID prefix)`)
  if (!found[0]) throw new StateError(`network ${wanted} not found`)
  return found[0]
}

const BRIDGE_NAME = 'com.docker.network.bridge.name'

/** The name of the network's device on the host. */
export function bridgeName({ name, id, options }: Network): string {
  return options[BRIDGE_NAME] ?? (name === DEFAULT_NETWORK ? 'tinyctr0' : `br-${id.slice(0, 12)}`)
}

/** Docker's name for it, and the short one. */
export function mtuOf({ options }: Network): number | undefined {
  const text = options['com.docker.network.driver.mtu'] ?? options.mtu
  return text === undefined ? undefined : Number(text)
}

export const isTrue = (text: string | undefined): boolean => text === 'true' || text === '1'
