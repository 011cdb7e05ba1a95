/**
 * Networks of user mode, for those who are not root: pasta(1), else slirp4netns(1). Both give a container the same
 * addresses, which slirp4netns has always given, so that a container does not tell them apart.
 */
import { StateError, UsageError } from '../../errors.ts'
import { O } from '../../linux/abi/arch.ts'
import { AT } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { fileType, readTextIfAny } from '../../linux/file.ts'
import type { Endpoint } from '../../network/endpoint.ts'
import type { NetworkProgram } from '../../plan/user-mode-network.ts'
import { ownCommand } from '../../runtime/own-command.ts'
import type { RunOptions } from '../run-options.ts'
import type { ContainerNetwork } from './container-network.ts'
import { publishPorts } from './publish-ports.ts'
import { pastaArguments } from './user-mode/pasta.ts'
import { slirpArguments, slirpNetwork } from './user-mode/slirp.ts'

export type UserMode = 'pasta' | 'slirp4netns'

const PACKAGES = { pasta: 'passt', slirp4netns: 'slirp4netns' } as const
const FOLDERS = ['/usr/bin', '/bin', '/usr/local/bin', '/usr/sbin', '/sbin']
const TUN = '/dev/net/tun'

/** The program's path; undefined where it is not installed. */
export const programOf = (name: UserMode): string | undefined =>
  FOLDERS.map((folder) => `${folder}/${name}`).find((path) => fileType(path) !== undefined)

/** What keeps the caller from making tap devices, with the cure. */
export function tunBar(): { readonly fact: string; readonly cure: string } | undefined {
  if (fileType(TUN) === undefined) return { fact: `there is no ${TUN}`, cure: 'modprobe tun, as root' }
  const fd = attempt('openat', [AT.FDCWD, TUN, O.RDWR | O.CLOEXEC, 0])
  if (fd < 0) return { fact: `${TUN} is not ours to open`, cure: `chmod 666 ${TUN}, as root` }
  call('close', [fd])
  return undefined
}

/** The network of somebody who is not root and names none; or why there is none. */
export function findUserMode():
  | { readonly mode: UserMode }
  | { readonly fact: string; readonly cure: string } {
  const mode = programOf('pasta') ? 'pasta' : programOf('slirp4netns') ? 'slirp4netns' : undefined
  if (!mode) return { fact: 'without root it takes pasta or slirp4netns', cure: 'apt-get install passt' }
  return tunBar() ?? { mode }
}

/** @throws UsageError, StateError where it cannot be */
export function chooseUserMode(
  options: RunOptions,
  requests: RunOptions['ports'],
  { id, stateFolder }: { readonly id: string; readonly stateFolder: string },
): ContainerNetwork & { readonly program: NetworkProgram } {
  const [, name, given = ''] = /^(pasta|slirp4netns)(?::(.*))?$/.exec(options.network) as unknown as [
    string,
    UserMode,
    string?,
  ]
  const path = requireProgram(name)
  refuseUnpublishable(name, requests)
  const words = given.split(',').filter((word) => word !== '')
  const network = name === 'pasta' ? slirpNetwork([]) : slirpNetwork(words)
  const endpoint: Endpoint = {
    network: name,
    networkId: '',
    device: 'eth0',
    mac: '',
    addresses: [{ address: network.address, prefixLength: network.prefixLength }],
    gateways: [network.gateway],
    names: [],
    leases: [],
  }
  const ports = publishPorts(requests, [endpoint], undefined)
  const argv =
    name === 'pasta'
      ? pastaArguments(words, ports, network, hasWayOut())
      : slirpArguments(words, ports.length > 0)
  return {
    networks: [],
    made: true,
    devices: [],
    state: {
      id,
      ...(options.name === undefined ? {} : { name: options.name }),
      endpoints: [endpoint],
      ports,
      resolver: network.resolver,
    },
    program: {
      argv: [path, ...argv],
      folder: stateFolder,
      ...(name === 'slirp4netns' && ports.length > 0
        ? { publisher: [...ownCommand('publish-slirp'), stateFolder] }
        : {}),
    },
  }
}

function requireProgram(name: UserMode): string {
  if (call('geteuid', []) === 0)
    throw new StateError(`${name} is a network for those who are not root: leave out --network ${name}`)
  const path = programOf(name)
  if (!path)
    throw new StateError(
      `${name} is not installed: apt-get install ${PACKAGES[name]}, or run with --network none`,
    )
  const bar = tunBar()
  if (bar) throw new StateError(`${bar.fact}: ${bar.cure}, or run with --network none`)
  return path
}

function refuseUnpublishable(name: UserMode, requests: RunOptions['ports']): void {
  for (const { hostAddress, protocol } of requests) {
    if (protocol === 'sctp') throw new UsageError(`${name} publishes tcp and udp ports, not sctp`)
    if (hostAddress?.includes(':'))
      throw new UsageError(`${name} publishes ports at IPv4 addresses, not at ${hostAddress}`)
  }
}

/** Whether this host has a route to everywhere: without one, pasta must be told what to stand on. */
const hasWayOut = (): boolean => /^\S+\t00000000\t/m.test(readTextIfAny('/proc/net/route') ?? '')
