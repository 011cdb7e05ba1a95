/** Which program of this host has a port: its socket in /proc/net (proc_net(5)), and whose file that is. */
import { AT } from '../linux/abi/flags.ts'
import { addressBytes } from '../linux/abi/netlink/address.ts'
import { attempt } from '../linux/call.ts'
import { listFolder, readTextIfAny } from '../linux/file.ts'
import type { Protocol, PublishedPort } from '../plan/published-ports.ts'

export interface PortHolder {
  readonly pid: number
  /** What it calls itself: `nginx`. */
  readonly name: string
}

type HostPort = Pick<PublishedPort, 'protocol' | 'hostAddress' | 'hostPort'>

/** @returns undefined where nobody has it, or somebody whose files we may not see */
export function programHolding(port: HostPort): PortHolder | undefined {
  const sockets = new Set(socketsAt(port).map((inode) => `socket:[${inode}]`))
  if (sockets.size === 0) return undefined
  for (const pid of listFolder('/proc').filter((name) => /^\d+$/.test(name)))
    for (const fd of listFolder(`/proc/${pid}/fd`))
      if (sockets.has(linkAt(`/proc/${pid}/fd/${fd}`)))
        return { pid: Number(pid), name: (readTextIfAny(`/proc/${pid}/comm`) ?? '').trimEnd() }
  return undefined
}

/** A socket on every address of IPv6 has the port of IPv4, too, unless it says otherwise. */
function socketsAt({ protocol, hostAddress, hostPort }: HostPort): string[] {
  const families = hostAddress.includes(':') ? ['6'] : ['', '6']
  return families.flatMap((family) =>
    linesOf(protocol, family).flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
      const [address = '', port = ''] = local.split(':')
      const isOpen = protocol !== 'tcp' || state === TCP_LISTEN
      return isOpen && Number.parseInt(port, 16) === hostPort && meets(address, hostAddress) ? [inode] : []
    }),
  )
}

const TCP_LISTEN = '0A'

const linesOf = (protocol: Protocol, family: string): string[] =>
  (readTextIfAny(`/proc/net/${protocol}${family}`) ?? '').split('\n').slice(1)

/** Whether two sockets would meet: at the same address, or one of them at all. */
function meets(hexadecimal: string, hostAddress: string): boolean {
  const bytes = addressBytes(hostAddress) as Uint8Array
  const isEverywhere = (one: string) => /^0*$/.test(one)
  const wanted = words(bytes)
  return isEverywhere(hexadecimal) || isEverywhere(wanted) || hexadecimal === wanted
}

/** As /proc/net prints an address: words in the host's byte order. */
function words(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let text = ''
  for (let at = 0; at < bytes.length; at += 4)
    text += view.getUint32(at, true).toString(16).padStart(8, '0').toUpperCase()
  return text
}

function linkAt(path: string): string {
  const target = new Uint8Array(64)
  const length = attempt('readlinkat', [AT.FDCWD, path, target])
  return new TextDecoder().decode(target.subarray(0, Math.max(0, length)))
}
