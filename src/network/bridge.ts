/**
 * The bridge of a network (bridge(8)): made when the first container needs it, with the gateway's addresses, and its
 * elements in the rules of firewall.ts. Idempotent: two starts at once find it made, or make the same.
 */
import { ConfigError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { E } from '../linux/abi/errno.ts'
import { AT, IFF, LOCK, NETLINK, NLM_F } from '../linux/abi/flags.ts'
import { type Message, message } from '../linux/abi/netlink/messages.ts'
import { attempt, call } from '../linux/call.ts'
import { makeFolder, writeAll } from '../linux/file.ts'
import { KernelError } from '../linux/kernel-error.ts'
import { linkIndex, transact, withNetlink } from '../linux/netlink.ts'
import { addressMessage } from '../plan/network-device.ts'
import { transaction } from '../plan/published-ports.ts'
import { type BridgeRules, bridgeMessages } from './bridge-rules.ts'
import { indexFor } from './endpoint.ts'
import { eachFamily, firewallMessages, isTableUp, withFirewall } from './firewall.ts'
import { forgetResolver } from './host-resolver.ts'
import { macOfAddress } from './mac.ts'
import { bridgeName, isTrue, mtuOf, type Network } from './network.ts'
import { foreseeAddresses } from './source-checks.ts'
import { firstAddress, lastAddress, parseSubnet } from './subnet.ts'

/** @returns the index of the bridge @throws ConfigError where this kernel or user cannot have one */
export function makeBridge(root: string, network: Network): number {
  const name = bridgeName(network)
  try {
    return locked(`${root}/networks`, () => {
      const index = withNetlink(NETLINK.ROUTE, (fd) => linkIndex(fd, name) ?? createBridge(fd, name, network))
      withFirewall((fd) => {
        if (!isTableUp(fd)) transact(fd, eachFamily(firewallMessages))
        transact(
          fd,
          eachFamily((family) => bridgeMessages('NFT_MSG_NEWSETELEM', family, rulesOf(network))),
        )
      })
      foreseeAddresses('NFT_MSG_NEWSETELEM', network)
      return index
    })
  } catch (cause) {
    if (!(cause instanceof KernelError)) throw cause
    throw new ConfigError('--network', `Cannot make the bridge ${name}: ${cause.message}; ${cureOf(cause)}`, {
      cause,
    })
  }
}

const CURES: Readonly<Record<number, string>> = {
  [E.PERM]: 'only CAP_NET_ADMIN makes bridges: run as root, or with --network none',
  [E.OPNOTSUPP]:
    'this kernel has no bridges (modprobe bridge veth nf_tables), or run with --network none or host',
  [E.ROFS]: '/proc/sys is read-only here: run with --network none or host',
}
const cureOf = ({ errno }: KernelError): string =>
  CURES[errno] ?? 'modprobe bridge veth nf_tables nft_chain_nat, or run with --network none or host'

/** What concerns the whole host is done by one at a time. */
export function locked<T>(folder: string, work: () => T): T {
  makeFolder(folder)
  const fd = call('openat', [AT.FDCWD, folder, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0])
  try {
    call('flock', [fd, LOCK.EX])
    return work()
  } finally {
    call('close', [fd])
  }
}

function createBridge(fd: number, name: string, network: Network): number {
  const mtu = mtuOf(network)
  const gateway = network.pools.find(({ gateway }) => gateway?.includes('.'))?.gateway
  transact(fd, [
    message(
      'RTM_NEWLINK',
      NLM_F.CREATE | NLM_F.EXCL,
      { ifi_index: indexFor(name) },
      {
        IFLA_IFNAME: name,
        ...(mtu === undefined ? {} : { IFLA_MTU: mtu }),
        // A bridge without an address of its own takes that of one of its ports, and changes it with them.
        ...(gateway === undefined ? {} : { IFLA_ADDRESS: macOfAddress(gateway) }),
        IFLA_LINKINFO: { IFLA_INFO_KIND: 'bridge', IFLA_INFO_DATA: { IFLA_BR_FORWARD_DELAY: 0 } },
      },
    ),
  ])
  const index = linkIndex(fd, name)
  if (index === undefined) throw new TypeError(`${name} was made and is not there`)
  try {
    setParameters(name, network)
    transact(fd, [...gatewayMessages(index, network), up(index)])
  } catch (error) {
    transact(fd, [message('RTM_DELLINK', 0, { ifi_index: index })])
    throw error
  }
  return index
}

const up = (index: number): Message =>
  message('RTM_NEWLINK', 0, { ifi_index: index, ifi_flags: IFF.UP, ifi_change: IFF.UP })

function gatewayMessages(index: number, { pools, options }: Network): Message[] {
  if (isTrue(options['com.docker.network.bridge.inhibit_ipv4'])) return []
  return pools.flatMap(({ subnet, gateway }) => {
    const { prefixLength } = parseSubnet(subnet)
    return gateway === undefined ? [] : [addressMessage(index, gateway, prefixLength)]
  })
}

/** A router of its containers, and of nobody else: it believes no other router, and lets 127.0.0.1 lead to a port. */
function setParameters(name: string, { ipv6, internal }: Network): void {
  const four = `net/ipv4/conf/${name}`
  const six = `net/ipv6/conf/${name}`
  write(`${four}/route_localnet`, '1')
  write(`${four}/accept_redirects`, '0')
  write(`${four}/send_redirects`, '0')
  if (!internal) write('net/ipv4/ip_forward', '1')
  if (attempt('faccessat2', [AT.FDCWD, `/proc/sys/${six}`, 0, 0]) < 0) return
  write(`${six}/accept_ra`, '0')
  write(`${six}/accept_redirects`, '0')
  if (!ipv6) write(`${six}/disable_ipv6`, '1')
  else if (!internal) write('net/ipv6/conf/all/forwarding', '1')
}

function write(parameter: string, value: string): void {
  const fd = call('openat', [AT.FDCWD, `/proc/sys/${parameter}`, O.WRONLY | O.CLOEXEC, 0])
  try {
    writeAll(fd, new TextEncoder().encode(value))
  } finally {
    call('close', [fd])
  }
}

function rulesOf(network: Network): BridgeRules {
  const { internal, options, pools } = network
  const subnets = pools.map(({ subnet }) => parseSubnet(subnet))
  const masquerade = options['com.docker.network.bridge.enable_ip_masquerade']
  return {
    bridge: bridgeName(network),
    internal,
    masquerade: !internal && masquerade !== 'false',
    isolated: options['com.docker.network.bridge.enable_icc'] === 'false',
    subnets: subnets.map((subnet) => ({ first: firstAddress(subnet), last: lastAddress(subnet) })),
  }
}

/** The bridge and its elements, given back. */
export function removeBridge(root: string, network: Network): void {
  const name = bridgeName(network)
  locked(`${root}/networks`, () => {
    withNetlink(NETLINK.ROUTE, (fd) => {
      const index = linkIndex(fd, name)
      if (index !== undefined) transact(fd, [message('RTM_DELLINK', 0, { ifi_index: index })])
    })
    withFirewall((fd) => {
      for (const family of ['ip', 'ip6'] as const)
        for (const one of bridgeMessages('NFT_MSG_DELSETELEM', family, rulesOf(network)))
          attemptAlone(fd, one)
    })
    foreseeAddresses('NFT_MSG_DELSETELEM', network)
    for (const { gateway } of network.pools) if (gateway !== undefined) forgetResolver(root, gateway)
  })
}

/** Elements that are gone already are no matter. */
function attemptAlone(fd: number, one: Message): void {
  try {
    transact(fd, transaction([one]))
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
  }
}
