/**
 * Names of containers on a network: lines in the hosts files of all its containers, `172.18.0.3 web # tinyctr ID`.
 * A file is mounted into its container, so it is never replaced: it is written over in one write(2), under a lock, and
 * a reader sees the old text or the new one.
 */
import { O } from '../linux/abi/arch.ts'
import { AT } from '../linux/abi/flags.ts'
import { attempt, call } from '../linux/call.ts'
import { fileType, makeFolder, readTextIfAny, writeAll } from '../linux/file.ts'
import type { Endpoint } from './endpoint.ts'
import { listLeases } from './leases.ts'

const folderOf = (root: string): string => `${root}/networks/hosts`
const hostsPath = (root: string, id: string): string => `${folderOf(root)}/${id}`

/** The file that a container sees as its /etc/hosts: one of these, or with its state where it began without names. */
export function hostsFileOf(root: string, id: string): string {
  const named = hostsPath(root, id)
  return fileType(named) === undefined ? `${root}/${id}/hosts` : named
}

const MARK = '# tinyctr '

function linesOf(id: string, { addresses, names, network }: Endpoint): string {
  if (names.length === 0) return ''
  const all = [...names, ...names.map((name) => `${name}.${network}`)].join(' ')
  return addresses.map(({ address }) => `${address}\t${all}\t${MARK}${id}\n`).join('')
}

/**
 * Makes the container's own file from `text` and what its neighbours are called, and tells them of it. Whoever calls
 * holds the lock of the networks.
 */
export function joinHosts(
  root: string,
  id: string,
  endpoints: readonly Endpoint[],
  text: string,
  path = hostsPath(root, id),
): void {
  makeFolder(folderOf(root))
  const known = new Set<string>()
  for (const endpoint of endpoints) {
    const lines = linesOf(id, endpoint)
    const leases = listLeases(root, endpoint.networkId)
    const addresses = new Set(leases.map(({ address }) => address))
    for (const owner of new Set(leases.map((lease) => lease.owner))) {
      const path = hostsFileOf(root, owner)
      const theirs = owner === id ? undefined : readTextIfAny(path)
      if (theirs === undefined) continue
      // What a neighbour says of itself; on which network, its address tells.
      for (const line of theirs.split('\n'))
        if (line.endsWith(MARK + owner) && addresses.has(addressOf(line))) known.add(line)
      rewrite(path, withoutDead(root, theirs) + lines)
    }
    for (const line of lines.split('\n')) if (line !== '') known.add(line)
  }
  const fd = call('openat', [AT.FDCWD, path, O.WRONLY | O.CREAT | O.TRUNC | O.CLOEXEC, 0o644])
  try {
    writeAll(fd, new TextEncoder().encode(text + [...known].map((line) => `${line}\n`).join('')))
  } finally {
    call('close', [fd])
  }
}

const addressOf = (line: string): string => line.slice(0, line.indexOf('\t'))

/** Takes a container's names, on all networks or one, out of every file. */
export function leaveHosts(root: string, id: string, endpoints: readonly Endpoint[], last: boolean): void {
  for (const { networkId, addresses } of endpoints) {
    const gone = new Set(addresses.map(({ address }) => address))
    for (const owner of new Set([id, ...listLeases(root, networkId).map((lease) => lease.owner)])) {
      const path = hostsFileOf(root, owner)
      const text = readTextIfAny(path)
      if (text === undefined) continue
      const kept = text
        .split('\n')
        .filter((line) => !(line.endsWith(MARK + id) && gone.has(addressOf(line))))
        .join('\n')
      if (kept !== text) rewrite(path, kept)
    }
  }
  if (last) attempt('unlinkat', [AT.FDCWD, hostsPath(root, id), 0])
}

/** A hosts file's text as it was before anybody was on a network. */
export const withoutNames = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.includes(MARK))
    .join('\n')

/** Whoever was killed, or came to the network late, may not have taken its names away. */
const withoutDead = (root: string, text: string): string =>
  text
    .split('\n')
    .filter((line) => {
      const [, owner] = /# tinyctr ([0-9a-f]+)$/.exec(line) ?? []
      return owner === undefined || fileType(`${root}/${owner}`) !== undefined
    })
    .join('\n')

/** In place: first the text, then the end, so that a shorter one loses nothing on the way. */
function rewrite(path: string, text: string): void {
  const fd = attempt('openat', [AT.FDCWD, path, O.WRONLY | O.CLOEXEC, 0])
  if (fd < 0) return
  try {
    const bytes = new TextEncoder().encode(text)
    writeAll(fd, bytes)
    call('ftruncate', [fd, bytes.length])
  } finally {
    call('close', [fd])
  }
}
