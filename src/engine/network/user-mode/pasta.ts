/** pasta(1)'s command line. Words of `--network pasta:...` are its own options, and take the place of ours. */
import type { PublishedPort } from '../../../plan/published-ports.ts'
import { READY_NAME } from '../../../plan/user-mode-network.ts'
import type { UserNetwork } from './slirp.ts'

/** What it stands on where the host has no way out: then containers reach the host's ports and their own, no more. */
const ON_LOOPBACK = ['-4', '-i', 'lo', '-M', '52:54:00:12:35:02']

/** @param wayOut the host has a route to everywhere */
export function pastaArguments(
  words: readonly string[],
  ports: readonly PublishedPort[],
  network: UserNetwork,
  wayOut: boolean,
): string[] {
  const has = (...names: string[]): boolean =>
    words.some((word) => names.some((name) => word === name || word.startsWith(`${name}=`)))
  const unless = (names: string[], ...ours: string[]): string[] => (has(...names) ? [] : ours)
  const published = (protocol: PublishedPort['protocol'], option: string, long: string): string[] => {
    const own = ports
      .filter((port) => port.protocol === protocol)
      .flatMap(({ hostAddress, hostPort, port }) => [option, `${hostAddress}/${hostPort}:${port}`])
    return own.length > 0 ? own : unless([option, long], option, 'none')
  }
  return [
    '--foreground',
    '--quiet',
    '--config-net',
    ...unless(['-I', '--ns-ifname'], '-I', 'eth0'),
    ...unless(['-a', '--address'], '-a', network.address, '-n', String(network.prefixLength)),
    ...unless(['-g', '--gateway'], '-g', network.gateway),
    ...unless(['--dns-forward'], '--dns-forward', network.resolver),
    ...(wayOut ? [] : unless(['-i', '--interface'], ...ON_LOOPBACK)),
    // Podman's word: the container may reach the host's loopback, as its gateway.
    ...unless(['--map-gw', '--no-map-gw'], '--no-map-gw'),
    ...published('tcp', '-t', '--tcp-ports'),
    ...published('udp', '-u', '--udp-ports'),
    ...unless(['-T', '--tcp-ns'], '-T', 'none'),
    ...unless(['-U', '--udp-ns'], '-U', 'none'),
    ...words.filter((word) => word !== '--map-gw'),
    '-P',
    READY_NAME,
    '$pid',
  ]
}
