/** Ports as `ps` has them: `0.0.0.0:8000-8001->80-81/tcp, 443/tcp` (docker/cli DisplayablePorts). */

export interface Port {
  readonly privatePort: number
  readonly protocol: string
  /** On the host; absent: the image says it listens, and nobody published it. */
  readonly published?: { readonly address: string; readonly port: number }
}

export function listPorts(ports: readonly Port[]): string {
  const groups = new Map<string, { first: number; last: number }>()
  const closed: string[] = []
  const mapped: string[] = []
  for (const { privatePort, protocol, published } of [...ports].sort(byNumber)) {
    if (published && published.port !== privatePort) {
      mapped.push(`${joinHostPort(published.address, `${published.port}`)}->${privatePort}/${protocol}`)
      continue
    }
    const key = `${published?.address ?? ''}/${protocol}`
    const group = groups.get(key)
    if (group && privatePort === group.last + 1) {
      group.last = privatePort
      continue
    }
    if (group) closed.push(printGroup(key, group))
    // A key keeps its place.
    groups.set(key, { first: privatePort, last: privatePort })
  }
  return [...closed, ...[...groups].map(([key, group]) => printGroup(key, group)), ...mapped].join(', ')
}

function printGroup(key: string, { first, last }: { first: number; last: number }): string {
  const [address = '', protocol] = key.split('/')
  const range = first === last ? `${first}` : `${first}-${last}`
  return `${address === '' ? range : `${joinHostPort(address, range)}->${range}`}/${protocol}`
}

export const joinHostPort = (address: string, port: string): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

const byNumber = (a: Port, b: Port): number =>
  a.privatePort - b.privatePort ||
  compare(a.published?.address ?? '', b.published?.address ?? '') ||
  (a.published?.port ?? 0) - (b.published?.port ?? 0) ||
  compare(a.protocol, b.protocol)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
