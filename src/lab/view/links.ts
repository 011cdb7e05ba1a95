/** The network of a process, as its own /proc tells of it: devices, addresses, the way out. */
import { read } from './process.ts'

export function linksOf(pid: number): string[] {
  const file = (name: string): string => read(`/proc/${pid}/net/${name}`)
  const devices = [...file('dev').matchAll(/^\s*(\S+):\s*(\d+)(?:\s+\d+){7}\s+(\d+)/gm)].map(
    ([, name, received, sent]) => `${name}: ${received} bytes in, ${sent} bytes out`,
  )
  // Local addresses stand as leaves of two tables: `|-- 10.0.0.2`, `/32 host LOCAL`.
  const addresses = [...file('fib_trie').matchAll(/\|-- (\S+)\s+\/32 host LOCAL/g)].map(([, one]) => one)
  const routes = [...file('route').matchAll(/^(\S+)\t00000000\t([0-9A-F]{8})\t/gm)].map(
    ([, device, gateway]) => `way out: ${device} by ${dotted(gateway as string)}`,
  )
  const known = addresses.length > 0 ? [`addresses: ${[...new Set(addresses)].join(', ')}`] : []
  return [...devices, ...known, ...(routes.length > 0 ? routes : ['no way out: there is no default route'])]
}

/** `010011AC` is 172.17.0.1: in the byte order of the host. */
const dotted = (word: string): string =>
  (word.match(/../g) ?? [])
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.')
