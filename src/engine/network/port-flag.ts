/** `-p [IP:][HOST[-HOST]:]CONTAINER[-CONTAINER][/PROTOCOL]` and `--expose`, as Docker reads them (go-connections/nat). */
import { UsageError } from '../../errors.ts'
import { addressBytes } from '../../linux/abi/netlink/address.ts'
import type { Protocol } from '../../plan/published-ports.ts'

/** One port of the container. */
export interface PortRequest {
  readonly protocol: Protocol
  readonly port: number
  /** Absent: the default bind address. */
  readonly hostAddress?: string
  /** The ports of the host of which one is taken; absent: any that is free. */
  readonly hostPorts?: readonly [first: number, last: number]
}

/** @throws UsageError with Docker's words */
export function parsePublish(text: string): PortRequest[] {
  if (text.includes('=')) return parseLongForm(text)
  const [spec = '', slashed] = splitAt(text, text.lastIndexOf('/'))
  const protocol = parseProtocol(slashed ?? 'tcp')
  const parts = /^(?:(?:(\[[^\]]*\]|[^:]*):)?([^:]*):)?([^:]*)$/.exec(spec)
  if (!parts) throw new UsageError(`invalid hostPort: ${text}`)
  const [, address = '', host = '', container = ''] = parts
  if (container === '') throw new UsageError(`no port specified: ${text}<empty>`)
  const ports = parseRange(container, 'containerPort')
  const hostPorts = host === '' ? undefined : parseRange(host, 'hostPort')
  return portsOf(protocol, parseHostAddress(address), ports, hostPorts, container, host)
}

function portsOf(
  protocol: Protocol,
  hostAddress: string | undefined,
  [first, last]: readonly [number, number],
  hostPorts: readonly [number, number] | undefined,
  container: string,
  host: string,
): PortRequest[] {
  const count = last - first + 1
  // One port of the container may take any of a range; of a range each takes its own.
  if (hostPorts && count > 1 && hostPorts[1] - hostPorts[0] !== last - first)
    throw new UsageError(`invalid ranges specified for container and host Ports: ${container} and ${host}`)
  return Array.from({ length: count }, (_, i) => ({
    protocol,
    port: first + i,
    ...(hostAddress === undefined ? {} : { hostAddress }),
    ...(hostPorts
      ? { hostPorts: count > 1 ? ([hostPorts[0] + i, hostPorts[0] + i] as const) : hostPorts }
      : {}),
  }))
}

function splitAt(text: string, at: number): [string, string | undefined] {
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

function parseProtocol(text: string): Protocol {
  const protocol = text.toLowerCase()
  if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp')
    throw new UsageError(`invalid proto: ${text}`)
  return protocol
}

function parseRange(text: string, what: 'containerPort' | 'hostPort'): [number, number] {
  const [, from = '', to = from] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? []
  const [first, last] = [Number(from), Number(to)]
  if (from === '' || last > 65535 || first > last || (first === 0 && what === 'containerPort'))
    throw new UsageError(`invalid ${what}: ${text}`)
  return [first, last]
}

function parseHostAddress(text: string): string | undefined {
  if (text === '') return undefined
  const address = text.replace(/^\[(.*)\]$/, '$1')
  if (!addressBytes(address)) throw new UsageError(`invalid IP address: ${text}`)
  return address
}

/** `target=80,published=8080,protocol=tcp,mode=host`. */
function parseLongForm(text: string): PortRequest[] {
  const fields = new Map<string, string>()
  for (const part of text.split(',')) {
    const [key = '', value = ''] = splitAt(part, part.indexOf('='))
    if (!['target', 'published', 'protocol', 'mode'].includes(key))
      throw new UsageError(`invalid field key ${key}`)
    fields.set(key, value)
  }
  const container = fields.get('target')
  if (container === undefined) throw new UsageError(`missing mandatory field "target"`)
  const host = fields.get('published')
  return portsOf(
    parseProtocol(fields.get('protocol') ?? 'tcp'),
    undefined,
    parseRange(container, 'containerPort'),
    host === undefined ? undefined : parseRange(host, 'hostPort'),
    container,
    host ?? '',
  )
}

/** `--expose 80`, `--expose 7000-7010/udp`: as `80/tcp` of an image's ExposedPorts. @throws UsageError */
export function parseExpose(text: string): string[] {
  const [range = '', slashed] = splitAt(text, text.indexOf('/'))
  if (text.includes(':')) throw new UsageError(`invalid port format for --expose: ${text}`)
  if (!/^\d+(-\d+)?$/.test(range))
    throw new UsageError(`invalid range format for --expose: ${text}, error: invalid port range`)
  const [first, last] = parseRange(range, 'containerPort')
  const protocol = parseProtocol(slashed ?? 'tcp')
  return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${protocol}`)
}
