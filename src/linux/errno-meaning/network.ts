/**
 * Causes of failures while networks are set up: ports of the host (ip(7)), devices and rules over netlink (netlink(7)),
 * whose own words stand beside these where the kernel has some (NETLINK_EXT_ACK).
 */
import type { Causes } from './cause.ts'

export const NETWORK_CAUSES: Causes = {
  bind: [
    {
      errno: 'EADDRINUSE',
      means: 'port is already allocated: another container or program of this host has it',
      do: 'publish another port (-p 8081:80), or end who holds this one: ss -lntup',
      see: ['ip(7)', 'ss(8)'],
    },
    {
      errno: 'EACCES',
      means: 'only root, or CAP_NET_BIND_SERVICE, takes ports below net.ipv4.ip_unprivileged_port_start',
      do: 'publish a port from 1024 on, or sysctl -w net.ipv4.ip_unprivileged_port_start=80',
      see: ['ip(7)'],
    },
    {
      errno: 'EADDRNOTAVAIL',
      means: 'this host has no such address',
      do: 'compare with ip address, or publish on every address: -p 8080:80',
      see: ['ip(7)'],
    },
  ],
  companion: [
    {
      errno: 'ECANCELED',
      when: { words: 'pasta, slirp4netns', at: /^--network/ },
      means: 'the program ended before the network was there: its own words stand above',
      do: 'publish another port where it could not have that one, or run with --network none or host',
      see: ['pasta(1)', 'slirp4netns(1)'],
    },
    {
      errno: 'ETIMEDOUT',
      means: 'the program did not say that it is ready',
      do: 'try again, or run with --network none or host',
      see: ['pasta(1)', 'slirp4netns(1)'],
    },
  ],
  hook: [
    {
      errno: 'ECANCELED',
      when: { words: 'CNI plugins', at: /^--network/ },
      means: 'a plugin of the network failed: its own words stand above',
      do: 'mend the configuration in /etc/cni/net.d, or run on another network',
    },
    {
      errno: 'ECANCELED',
      when: { words: 'published ports', at: /^--publish/ },
      means: 'slirp4netns does not have one of the ports: its own words stand above',
      do: 'publish another port (-p 8081:80), or end who holds this one: ss -lntup',
      see: ['slirp4netns(1)', 'ss(8)'],
    },
  ],
  listen: [
    {
      errno: 'EADDRINUSE',
      means: 'port is already allocated: another program of this host listens there',
      do: 'publish another port (-p 8081:80), or end who holds this one: ss -lntup',
      see: ['ss(8)'],
    },
  ],
  netlink: [
    {
      errno: 'EPERM',
      means: 'only CAP_NET_ADMIN over the network namespace changes its devices and rules',
      do: 'run as root, or with --network none',
      see: ['netlink(7)', 'capabilities(7)'],
    },
    {
      errno: 'EOPNOTSUPP',
      means: 'this kernel lacks such a device, or has its module not loaded',
      do: 'modprobe veth bridge macvlan ipvlan nf_tables, or run with --network none or host',
      see: ['netlink(7)'],
    },
    {
      errno: 'EEXIST',
      when: { words: 'a published port', at: /^--publish/ },
      means: 'port is already allocated: another container publishes it',
      do: 'publish another port (-p 8081:80)',
      see: ['nft(8)'],
    },
    {
      errno: 'ENOENT',
      when: { words: 'a published port', at: /^--publish/ },
      means: 'the table of tinyctr is gone from nf_tables: a firewall was loaded anew meanwhile',
      do: 'try again: the next start makes it',
      see: ['nft(8)'],
    },
    {
      errno: 'ENODEV',
      means: 'a device that was there is gone, such as the bridge',
      do: 'try again: the next start makes it',
      see: ['rtnetlink(7)'],
    },
    {
      errno: 'EINVAL',
      means:
        'the kernel does not take these values together: a bridge that is gone, or a feature that it lacks',
      do: 'compare with ip link; locked bridge ports need Linux 5.18',
      see: ['rtnetlink(7)'],
    },
  ],
}
