/** What networks of containers need: bridges and veth pairs, nf_tables, forwarding. */
import { O } from '../../linux/abi/arch.ts'
import { attempt } from '../../linux/call.ts'
import { fileType, readTextIfAny } from '../../linux/file.ts'
import { findUserMode } from '../network/user-mode.ts'
import { type Examined, type Finding, good, limited } from './finding.ts'

const AF_NETLINK = 16
const SOCK_RAW = 3
const NETLINK_NETFILTER = 12

export function examineNetwork({ rootless }: Examined): Finding[] {
  const finding = [nft(), forwarding()]
  return rootless ? [userMode()] : finding
}

/** Of those who are not root. */
function userMode(): Finding {
  const found = findUserMode()
  return 'mode' in found
    ? good('networks', `${found.mode}: a way out and published ports; bridges need root`)
    : limited('networks', `only a loopback: ${found.fact}`, found.cure)
}

function nft(): Finding {
  const socket = attempt('socket', [AF_NETLINK, SOCK_RAW | O.CLOEXEC, NETLINK_NETFILTER])
  if (socket < 0)
    return limited('nf_tables', 'no firewall to publish ports with', 'modprobe nf_tables nft_nat nft_masq')
  attempt('close', [socket])
  return good('nf_tables', 'reached by netlink')
}

function forwarding(): Finding {
  const on = readTextIfAny('/proc/sys/net/ipv4/ip_forward')?.trim() === '1'
  if (on) return good('forwarding', 'net.ipv4.ip_forward is 1')
  const isOurs = fileType('/proc/sys/net/ipv4/ip_forward') !== undefined
  return isOurs
    ? good('forwarding', 'off; the first network turns it on')
    : limited('forwarding', 'net.ipv4.ip_forward cannot be set', 'mount /proc writable')
}
