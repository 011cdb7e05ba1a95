/**
 * Who answers the host's questions for names (resolv.conf(5)). What listens on the host's loopback is out of a container's
 * reach: systemd-resolved says whom it asks itself; of others, port 53 of the network's gateway leads to them.
 */
import { AT, IPPROTO, NETLINK, NFPROTO, NLM_F } from '../linux/abi/flags.ts'
import { addressBytes } from '../linux/abi/netlink/address.ts'
import { type Message, message } from '../linux/abi/netlink/messages.ts'
import { attempt } from '../linux/call.ts'
import { listFolder, makeFolder, readTextIfAny, writeFileAtomically } from '../linux/file.ts'
import { attemptTransaction } from '../linux/netlink.ts'
import { PORTS_AT, TABLE, transaction } from '../plan/published-ports.ts'

/** systemd-resolved's own port for programs of the host; and the file with whom it asks (systemd-resolved(8)). */
const STUB = '127.0.0.53'
const BEHIND_STUB = '/run/systemd/resolve/resolv.conf'

export const isLoopback = (address: string): boolean => /^127\.|^::1$|^0:0:0:0:0:0:0:1$/.test(address)

const serversOf = (text: string): string[] =>
  [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, address]) => address as string)

/** The text of the host's file, for a network namespace that is not the host's. */
export function resolvConfForOthers(): string {
  const text = readTextIfAny('/etc/resolv.conf') ?? ''
  const servers = serversOf(text)
  if (!servers.includes(STUB) || !servers.every(isLoopback)) return text
  return readTextIfAny(BEHIND_STUB) ?? text
}

/** The host's own resolver, where containers have no other; undefined too where there is none at all. */
export function loopbackResolver(): string | undefined {
  const servers = serversOf(resolvConfForOthers())
  return servers.every(isLoopback) ? servers.find((address) => address.startsWith('127.')) : undefined
}

/** Says which resolver a gateway leads to, until the next boot. */
const PREFIX = 'resolver-'
const pathOf = (root: string, gateway: string): string => `${root}/networks/${PREFIX}${gateway}`

export const isForwarded = (root: string, gateway: string, server: string): boolean =>
  readTextIfAny(pathOf(root, gateway)) === server

/** Port 53 of the gateway leads to the host's resolver; whoever calls holds the lock of the networks. */
export function forwardResolver(root: string, gateway: string, server: string): void {
  const add = change('NFT_MSG_NEWSETELEM', gateway, server)
  // Where it led elsewhere, that goes first.
  if (!attemptTransaction(NETLINK.NETFILTER, transaction(add)))
    attemptTransaction(
      NETLINK.NETFILTER,
      transaction([...change('NFT_MSG_DELSETELEM', gateway, server), ...add]),
    )
  makeFolder(`${root}/networks`)
  writeFileAtomically(pathOf(root, gateway), server)
}

/** After the firewall was loaded anew. */
export function forwardAgain(root: string): void {
  for (const name of listFolder(`${root}/networks`)) {
    if (!name.startsWith(PREFIX)) continue
    const server = readTextIfAny(`${root}/networks/${name}`)
    if (server) forwardResolver(root, name.slice(PREFIX.length), server)
  }
}

function change(
  type: 'NFT_MSG_NEWSETELEM' | 'NFT_MSG_DELSETELEM',
  gateway: string,
  server: string,
): Message[] {
  const port = [0, 53, 0, 0]
  const bytes = (address: string) => addressBytes(address) as Uint8Array
  const adds = type === 'NFT_MSG_NEWSETELEM'
  const elements = [IPPROTO.UDP, IPPROTO.TCP].map((protocol) => ({
    NFTA_SET_ELEM_KEY: { NFTA_DATA_VALUE: Uint8Array.from([...bytes(gateway), protocol, 0, 0, 0, ...port]) },
    ...(adds
      ? { NFTA_SET_ELEM_DATA: { NFTA_DATA_VALUE: Uint8Array.from([...bytes(server), ...port]) } }
      : {}),
  }))
  return [
    message(
      type,
      adds ? NLM_F.CREATE : 0,
      { nfgen_family: NFPROTO.IPV4 },
      {
        NFTA_SET_ELEM_LIST_TABLE: TABLE,
        NFTA_SET_ELEM_LIST_SET: PORTS_AT,
        NFTA_SET_ELEM_LIST_ELEMENTS: elements,
      },
    ),
  ]
}

/** The network goes, and so does this. */
export function forgetResolver(root: string, gateway: string): void {
  const server = readTextIfAny(pathOf(root, gateway))
  if (server === undefined) return
  attemptTransaction(NETLINK.NETFILTER, transaction(change('NFT_MSG_DELSETELEM', gateway, server)))
  attempt('unlinkat', [AT.FDCWD, pathOf(root, gateway), 0])
}
