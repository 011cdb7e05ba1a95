/**
 * Who has which address: `<root>/networks/<network id>/172.17.0.2` is a symlink whose target is the container's id.
 * symlink(2) makes it as a whole or finds it taken, so there is no lock to wait for and no file half written; a reboot
 * takes all of them away.
 */
import { StateError } from '../errors.ts'
import { E } from '../linux/abi/errno.ts'
import { AT } from '../linux/abi/flags.ts'
import { attempt, call } from '../linux/call.ts'
import { fileAgeSeconds, fileType, listFolder } from '../linux/file.ts'
import { apart } from '../linux/premises.ts'
import type { AddressPool } from './network.ts'
import { addressNumber, addressText, contains, parseSubnet, sizeOf } from './subnet.ts'

export const leaseFolder = (root: string, networkId: string): string => `${root}/networks/${networkId}`
const leasePath = (root: string, networkId: string, address: string): string =>
  `${leaseFolder(root, networkId)}/${address}`

/** Addresses that are taken, with who has them. */
export function listLeases(root: string, networkId: string): { address: string; owner: string }[] {
  return listFolder(leaseFolder(root, networkId)).flatMap((address) => {
    const owner = ownerOf(leasePath(root, networkId, address))
    return owner === undefined ? [] : [{ address, owner }]
  })
}

export function ownerOf(path: string): string | undefined {
  const target = new Uint8Array(128)
  const length = attempt('readlinkat', [AT.FDCWD, path, target])
  return length < 0 ? undefined : new TextDecoder().decode(target.subarray(0, length))
}

/** Takes it for the container `id`; false where somebody has it. @throws KernelError */
export function takeLease(path: string, id: string): boolean {
  const result = attempt('symlinkat', [id, AT.FDCWD, path])
  if (result === -E.EXIST) return false
  if (result < 0) call('symlinkat', [id, AT.FDCWD, path])
  return true
}

export function releaseLease(path: string, id: string): void {
  if (ownerOf(path) === id) attempt('unlinkat', [AT.FDCWD, path, 0])
}

/** Longer than a start takes from its lease to its state folder. */
const LONGEST_START_SECONDS = 10

/** Leases of containers that never were: their start was killed between this and their state folder. */
export function sweepLeases(root: string, networkId: string): void {
  for (const { address, owner } of listLeases(root, networkId)) {
    const path = leasePath(root, networkId, address)
    if (fileType(`${root}/${owner}`) === undefined && fileAgeSeconds(path) > LONGEST_START_SECONDS)
      releaseLease(path, owner)
  }
}

/** A free address of a pool, and where its lease is taken. */
export interface Lease {
  readonly address: string
  readonly prefixLength: number
  readonly path: string
}

/**
 * The address that was asked for, or the lowest free one.
 * @throws StateError with Docker's words
 */
export function chooseLease(root: string, networkId: string, pool: AddressPool, wanted?: string): Lease {
  const subnet = parseSubnet(pool.subnet)
  const lease = (address: string): Lease => ({
    address,
    prefixLength: subnet.prefixLength,
    path: leasePath(root, networkId, address),
  })
  if (wanted !== undefined) {
    const address = addressText(subnet.family, addressNumber(wanted) ?? 0n)
    if (!contains(subnet, address))
      throw new StateError(`no configured subnet or ip-range contain the IP address ${wanted}`)
    sweepLeases(root, networkId)
    if (address === pool.gateway || ownerOf(lease(address).path) !== undefined)
      throw new StateError('Address already in use')
    return lease(address)
  }
  return lease(lowestFree(root, networkId, pool))
}

function lowestFree(root: string, networkId: string, pool: AddressPool): string {
  const subnet = parseSubnet(pool.subnet)
  const range = parseSubnet(pool.ipRange ?? pool.subnet)
  const search = (): string | undefined => {
    const taken = new Set([
      ...listFolder(leaseFolder(root, networkId)),
      pool.gateway,
      ...Object.values(pool.auxiliary ?? {}),
      addressText(subnet.family, subnet.base),
      // IPv4 alone has a broadcast address.
      ...(subnet.family === 4 ? [addressText(4, subnet.base + sizeOf(subnet) - 1n)] : []),
    ])
    const end = range.base + sizeOf(range)
    for (let number = range.base; number < end; number++) {
      const address = addressText(range.family, number)
      if (!taken.has(address)) return address
    }
    return undefined
  }
  const found = apart(search)
  if (found !== undefined) {
    // All that a prepared start asks: whether this one is still free.
    ownerOf(leasePath(root, networkId, found))
    return found
  }
  sweepLeases(root, networkId)
  const freed = search()
  if (freed === undefined)
    throw new StateError(`no available IPv${subnet.family} addresses on this network's address pools`)
  return freed
}

/** A network that is removed has none left. */
export function removeLeases(root: string, networkId: string): void {
  for (const { address, owner } of listLeases(root, networkId))
    releaseLease(leasePath(root, networkId, address), owner)
  attempt('unlinkat', [AT.FDCWD, leaseFolder(root, networkId), AT.REMOVEDIR])
}
