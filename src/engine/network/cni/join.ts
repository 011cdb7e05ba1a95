/**
 * A container's place on a CNI network. Its network namespace is made before it and mounted in its state folder, so that
 * plugins find it for as long as there is something to give back, also when the container and its monitor are gone.
 */
import { O } from '../../../linux/abi/arch.ts'
import { AT, CLONE, MNT, MS, NETLINK } from '../../../linux/abi/flags.ts'
import { attempt, call } from '../../../linux/call.ts'
import { readTextIfAny, writeFileAtomically } from '../../../linux/file.ts'
import { openNetlink, transact } from '../../../linux/netlink.ts'
import type { Endpoint } from '../../../network/endpoint.ts'
import { LOOPBACK_INDEX, up } from '../../../plan/network-device.ts'
import type { NetworkState } from '../container-network.ts'
import { NAMESPACE } from './config.ts'
import { addToNetwork, type CniCall, type CniResult, removeFromNetwork } from './plugins.ts'

/** In the state folder: what the plugins answered. */
const RESULT = 'cni-result'

const callOf = (
  { id, cni }: NetworkState & Required<Pick<NetworkState, 'cni'>>,
  folder: string,
): CniCall => ({
  ...cni,
  id,
  namespace: `${folder}/${NAMESPACE}`,
})

/** @param folder the container's state folder @throws StateError in the plugin's words */
export function joinCni(folder: string, state: NetworkState): void {
  const { cni } = state
  if (!cni) return
  makeNamespace(`${folder}/${NAMESPACE}`)
  const asked = callOf({ ...state, cni }, folder)
  const result = addToNetwork(asked)
  writeFileAtomically(`${folder}/${RESULT}`, JSON.stringify(result))
  const endpoint = endpointOf(`cni:${cni.network.name}`, result)
  writeFileAtomically(`${folder}/network`, JSON.stringify({ ...state, ...published(state, endpoint) }), 0o644)
  tellNames(folder, endpoint, result)
}

/** What is left of it goes, whatever that is. */
export function leaveCni(folder: string, state: NetworkState): void {
  const { cni } = state
  if (!cni) return
  const asked = callOf({ ...state, cni }, folder)
  const result = JSON.parse(readTextIfAny(`${folder}/${RESULT}`) ?? '{}') as CniResult
  for (const error of removeFromNetwork(asked, result))
    process.stderr.write(`tinyctr: warning: ${error.message}\n`)
  attempt('umount2', [asked.namespace, MNT.DETACH])
  attempt('unlinkat', [AT.FDCWD, asked.namespace, 0])
}

/** A network namespace that a file keeps, with its loopback up. The calling thread comes back. */
function makeNamespace(path: string): void {
  const own = call('openat', [AT.FDCWD, '/proc/thread-self/ns/net', O.RDONLY | O.CLOEXEC, 0])
  call('close', [call('openat', [AT.FDCWD, path, O.RDONLY | O.CREAT | O.CLOEXEC, 0o600])])
  call('unshare', [CLONE.NEWNET])
  try {
    call('mount', ['/proc/thread-self/ns/net', path, null, MS.BIND, null])
    const fd = openNetlink(NETLINK.ROUTE)
    transact(fd, [up(LOOPBACK_INDEX)])
    call('close', [fd])
  } finally {
    call('setns', [own, CLONE.NEWNET])
    call('close', [own])
  }
}

function endpointOf(network: string, { interfaces = [], ips = [] }: CniResult): Endpoint {
  const device = interfaces.findIndex(({ sandbox }) => sandbox !== undefined && sandbox !== '')
  const own = ips.filter((ip) => ip.interface === undefined || ip.interface === device)
  return {
    network,
    networkId: '',
    device: interfaces[device]?.name ?? 'eth0',
    mac: interfaces[device]?.mac ?? '',
    addresses: own.map(({ address }) => {
      const [ip = '', length] = address.split('/')
      return { address: ip, prefixLength: Number(length) }
    }),
    gateways: own.flatMap(({ gateway }) => (gateway ? [gateway] : [])),
    names: [],
    leases: [],
  }
}

/** Ports lead to an address that was not known before. */
function published({ ports }: NetworkState, endpoint: Endpoint): Pick<NetworkState, 'endpoints' | 'ports'> {
  const [first] = endpoint.addresses
  return {
    endpoints: [endpoint],
    ports: ports.map((port) => ({ ...port, address: first?.address ?? '' })),
  }
}

/** Files of /etc are written in place: they are mounted one by one. */
function tellNames(folder: string, { addresses }: Endpoint, { dns }: CniResult): void {
  const name = readTextIfAny(`${folder}/hostname`)?.trim() ?? ''
  append(`${folder}/hosts`, addresses.map(({ address }) => `${address}\t${name}\n`).join(''))
  if (!dns?.nameservers?.length) return
  const lines = [
    ...dns.nameservers.map((server) => `nameserver ${server}`),
    ...(dns.search?.length ? [`search ${dns.search.join(' ')}`] : []),
    ...(dns.options?.length ? [`options ${dns.options.join(' ')}`] : []),
  ]
  append(`${folder}/resolv.conf`, `${lines.join('\n')}\n`, O.TRUNC)
}

function append(path: string, text: string, how: number = O.APPEND): void {
  const fd = call('openat', [AT.FDCWD, path, O.WRONLY | O.CLOEXEC | how, 0])
  call('write', [fd, new TextEncoder().encode(text)])
  call('close', [fd])
}
