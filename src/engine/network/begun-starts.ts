/**
 * Starts that took names and addresses and were killed before their container had a state folder, whose file would say
 * what to give back: until then this says it, for those who take more than a plain lease.
 */
import { AT } from '../../linux/abi/flags.ts'
import { attempt } from '../../linux/call.ts'
import {
  fileAgeSeconds,
  fileType,
  listFolder,
  makeFolder,
  readTextIfAny,
  writeFileAtomically,
} from '../../linux/file.ts'
import { releaseLease } from '../../network/leases.ts'
import type { NetworkState } from './container-network.ts'
import { begunStart, leaveNames } from './network-release.ts'

const folderOf = (root: string): string => `${root}/networks/begun`

/** Longer than a start takes to its state folder. */
const LONGEST_START_SECONDS = 10

export function noteStart(root: string, state: NetworkState): void {
  makeFolder(folderOf(root))
  writeFileAtomically(begunStart(root, state.id), JSON.stringify(state))
}

export function sweepStarts(root: string): void {
  for (const id of listFolder(folderOf(root))) {
    const path = begunStart(root, id)
    if (fileAgeSeconds(path) < LONGEST_START_SECONDS) continue
    const text = readTextIfAny(path)
    if (text && fileType(`${root}/${id}`) === undefined) {
      leaveNames(`${root}/${id}`, text)
      const { endpoints } = JSON.parse(text) as NetworkState
      for (const lease of endpoints.flatMap(({ leases }) => leases)) releaseLease(lease, id)
    }
    attempt('unlinkat', [AT.FDCWD, path, 0])
  }
}
