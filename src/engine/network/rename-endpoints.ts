/** `rename` of a container that runs: its neighbours find it by its new name, and no longer by the old one. */
import { readTextIfAny, writeFileAtomically } from '../../linux/file.ts'
import { locked } from '../../network/bridge.ts'
import { hostsFileOf, joinHosts, leaveHosts, withoutNames } from '../../network/hosts-files.ts'
import { readNetworkState } from './network-release.ts'

export function renameEndpoints(root: string, id: string, from: string, to: string): void {
  const state = readNetworkState(root, id)
  if (!state) return
  const endpoints = state.endpoints.map((endpoint) => ({
    ...endpoint,
    names: endpoint.names.map((name) => (name === from ? to : name)),
  }))
  writeFileAtomically(`${root}/${id}/network`, JSON.stringify({ ...state, name: to, endpoints }), 0o644)
  if (endpoints.every(({ names }) => names.length === 0)) return
  const hosts = hostsFileOf(root, id)
  locked(`${root}/networks`, () => {
    leaveHosts(root, id, state.endpoints, false)
    joinHosts(root, id, endpoints, withoutNames(readTextIfAny(hosts) ?? ''), hosts)
  })
}
