/** Container ids as Docker has them: 64 hexadecimal digits, of which people use the first 12. */

export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  let id = ''
  for (const byte of bytes) id += (byte < 16 ? '0' : '') + byte.toString(16)
  return id
}
