/** The text of the three files a container gets from its host: hosts(5), resolv.conf(5), hostname(5). */
import { isLoopback } from '../../network/host-resolver.ts'

/** What Docker begins every hosts file with. */
const localNames = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`

const onLine = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`)

export interface HostsFile {
  hostname: string
  domainname?: string
  /** The container's own addresses, where it has some. */
  addresses?: readonly string[]
  /** `--add-host`, in the order given. */
  extra: readonly (readonly [name: string, address: string])[]
  /** `--network host`: the host's own file comes first. */
  hostText?: string
}

export function etcHosts({ hostname, domainname, addresses = [], extra, hostText }: HostsFile): string {
  const names = domainname === undefined ? hostname : `${hostname}.${domainname} ${hostname}`
  const added = extra.map(([name, ip]) => `${ip}\t${name}\n`).join('')
  const own = addresses.map((address) => `${address}\t${names}\n`).join('')
  return (hostText === undefined ? localNames : onLine(hostText)) + added + own
}

export interface ResolverOptions {
  servers: readonly string[]
  search: readonly string[]
  options: readonly string[]
}

/**
 * What the flags do not give comes from the host. In a network namespace of its own the host's resolver on 127.0.0.53
 * and its like cannot be reached, so they are left out.
 * @param forwarder asks them from outside
 * @param lastResort where nobody is left
 */
export function etcResolvConf(
  hostText: string,
  flags: ResolverOptions,
  ownNetwork: boolean,
  forwarder?: string,
  lastResort: readonly string[] = [],
): string {
  const host = new Map<string, string[]>([['nameserver', []]])
  for (const line of hostText.split('\n')) {
    const [key = '', ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/)
    if (key === 'nameserver') host.get(key)!.push(...values.slice(0, 1))
    // The last search line counts; `domain` is its old form.
    else if (key === 'search' || key === 'domain') host.set('search', values)
    else if (key === 'options') host.set(key, [...(host.get(key) ?? []), ...values])
  }
  const reachable = host.get('nameserver')!.filter((address) => !ownNetwork || !isLoopback(address))
  const found = [...(forwarder === undefined ? [] : [forwarder]), ...reachable]
  const servers = flags.servers.length > 0 ? flags.servers : found.length > 0 ? found : lastResort
  const search = (flags.search.length > 0 ? flags.search : (host.get('search') ?? [])).filter(
    (name) => name !== '.',
  )
  const options = flags.options.length > 0 ? flags.options : (host.get('options') ?? [])
  return [
    ...servers.map((address) => `nameserver ${address}\n`),
    search.length > 0 ? `search ${search.join(' ')}\n` : '',
    options.length > 0 ? `options ${options.join(' ')}\n` : '',
  ].join('')
}

export const etcHostname = (hostname: string): string => `${hostname}\n`
