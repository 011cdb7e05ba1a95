/** Addresses as bytes and as text: IPv4 (RFC 1123), IPv6 (RFC 4291, printed as RFC 5952 has it), Ethernet. */

/** 4 or 16 bytes; undefined for what is no address. */
export function addressBytes(text: string): Uint8Array | undefined {
  return text.includes(':') ? ipv6Bytes(text) : ipv4Bytes(text)
}

function ipv4Bytes(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined
  return Uint8Array.from(parts, Number)
}

function ipv6Bytes(text: string): Uint8Array | undefined {
  const [, head = '', dotted] = /^(.*:)([\d.]+\.[\d.]+)$/.exec(text) ?? []
  const tail = dotted === undefined ? undefined : ipv4Bytes(dotted)
  if (dotted !== undefined && !tail) return undefined
  const [word = 0, last = 0] = tail ? [(tail[0]! << 8) | tail[1]!, (tail[2]! << 8) | tail[3]!] : []
  const plain = tail ? `${head}${word.toString(16)}:${last.toString(16)}` : text
  const halves = plain.split('::')
  if (halves.length > 2) return undefined
  const [left = [], right = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const gap = 8 - left.length - right.length
  if (halves.length === 2 ? gap < 1 : gap !== 0) return undefined
  const groups = [...left, ...Array<string>(gap).fill('0'), ...right]
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined
  const bytes = new Uint8Array(16)
  groups.forEach((group, i) => {
    const value = Number.parseInt(group, 16)
    bytes[i * 2] = value >> 8
    bytes[i * 2 + 1] = value & 0xff
  })
  return bytes
}

export function printAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[i * 2]! << 8) | bytes[i * 2 + 1]!).toString(16))
  // The longest run of two or more zeros, the first of equals.
  let [start, length] = [0, 1]
  for (let from = 0; from < 8; from++) {
    let to = from
    while (to < 8 && groups[to] === '0') to++
    if (to - from > length) [start, length] = [from, to - from]
  }
  if (length < 2) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
}

/** 6 bytes; undefined for what is no Ethernet address. */
export function macBytes(text: string): Uint8Array | undefined {
  const parts = text.split(/[:-]/)
  if (parts.length !== 6 || !parts.every((part) => /^[\da-f]{2}$/i.test(part))) return undefined
  return Uint8Array.from(parts, (part) => Number.parseInt(part, 16))
}

export const printMac = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')
