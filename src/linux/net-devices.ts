/** Network devices of the host, for those that a container takes (plan/net-devices.ts). */
import type { Host } from '../plan/host.ts'
import { IFA_F, NETLINK, RT_SCOPE } from './abi/flags.ts'
import { message } from './abi/netlink/messages.ts'
import { ask, linkIndex, withNetlink } from './netlink.ts'

/** Those that exist, with the addresses that somebody gave them. @throws KernelError */
export function readNetDevices(names: readonly string[]): NonNullable<Host['netDevices']> {
  return withNetlink(NETLINK.ROUTE, (fd) => {
    const all = ask(fd, message('RTM_GETADDR', 0, {}), 'RTM_NEWADDR')
    return Object.fromEntries(
      names.flatMap((name) => {
        const index = linkIndex(fd, name)
        if (index === undefined) return []
        const addresses = all.flatMap(({ header, attributes }) => {
          const { ifa_index, ifa_flags = 0, ifa_prefixlen = 0, ifa_scope } = header
          const given = ifa_index === index && ifa_flags & IFA_F.PERMANENT && ifa_scope === RT_SCOPE.UNIVERSE
          const address = attributes.IFA_LOCAL ?? attributes.IFA_ADDRESS
          return given && typeof address === 'string' ? [{ address, prefixLength: ifa_prefixlen }] : []
        })
        return [[name, { index, addresses }] as const]
      }),
    )
  })
}
