/** Who has the port that a start could not get: another container, or a program of this host. */
import { E } from '../../linux/abi/errno.ts'
import { listFolder } from '../../linux/file.ts'
import { programHolding } from '../../network/port-holder.ts'
import type { PublishedPort } from '../../plan/published-ports.ts'
import type { NetworkState } from './container-network.ts'
import { readNetworkState } from './network-release.ts'

/** @returns what the errno means here, in Docker's words and with the holder's name; undefined where nobody is found */
export function portIsTaken(
  errno: number,
  stateFolder: string,
  { id, ports }: NetworkState,
): string | undefined {
  if (errno !== E.ADDRINUSE && errno !== E.EXIST) return undefined
  const root = stateFolder.slice(0, stateFolder.lastIndexOf('/'))
  const others = listFolder(root)
    .filter((name) => name !== id)
    .flatMap((name) => readNetworkState(root, name) ?? [])
  for (const port of ports) {
    const holder = holderOf(port, others)
    if (holder) return `Bind for ${endOf(port)} failed: port is already allocated: ${holder}`
  }
  return undefined
}

function holderOf(port: PublishedPort, others: readonly NetworkState[]): string | undefined {
  const container = others.find((other) => other.ports.some((theirs) => meets(port, theirs)))
  if (container) return `the container ${container.name ?? container.id.slice(0, 12)} publishes it`
  const program = programHolding(port)
  return program && `${program.name} (process ${program.pid}) has it`
}

const endOf = ({ hostAddress, hostPort }: PublishedPort): string =>
  `${hostAddress.includes(':') ? `[${hostAddress}]` : hostAddress}:${hostPort}`

function meets(one: PublishedPort, other: PublishedPort): boolean {
  const [a, b] = [one.hostAddress, other.hostAddress]
  const isSameFamily = a.includes(':') === b.includes(':')
  const meetsThere = a === b || [a, b].some((address) => address === '0.0.0.0' || address === '::')
  return one.protocol === other.protocol && one.hostPort === other.hostPort && isSameFamily && meetsThere
}
