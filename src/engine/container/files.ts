/** A container's files as it sees them and as it changed them, read where they lie: running or not, nothing is mounted. */

import type { ReadTreeOptions } from '../../image/layer/read-tree.ts'
import { O } from '../../linux/abi/arch.ts'
import { AT } from '../../linux/abi/flags.ts'
import { call } from '../../linux/call.ts'
import { readIdMappings } from '../read-host-facts.ts'
import type { Container } from './list.ts'
import { containerFolder } from './record.ts'

/** The writable layer. */
export const upperFolder = (dataRoot: string, { id }: Pick<Container, 'id'>): string =>
  `${containerFolder(dataRoot, id)}/upper`

/** Runs `work` with the folders open, in their order. */
export async function whileOpen<T>(
  paths: readonly string[],
  work: (fds: number[]) => Promise<T>,
): Promise<T> {
  const fds: number[] = []
  try {
    for (const path of paths)
      fds.push(call('openat', [AT.FDCWD, path, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0]))
    return await work(fds)
  } finally {
    for (const fd of fds) call('close', [fd])
  }
}

const nobody = 65534

/** From owners on the host to owners inside: without root the container's ids are mapped ones. */
export function idsInside(): ReadTreeOptions {
  const [uid, gid] = [call('geteuid', []), call('getegid', [])]
  if (uid === 0) return {}
  const mappings = readIdMappings(uid, gid)
  const inside = (ranges: typeof mappings.uid) => (id: number) => {
    const range = ranges.find(({ hostID, size }) => id >= hostID && id < hostID + size)
    return range === undefined ? nobody : range.containerID + id - range.hostID
  }
  return { mapUid: inside(mappings.uid), mapGid: inside(mappings.gid) }
}
