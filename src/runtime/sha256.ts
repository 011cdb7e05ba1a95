/** SHA-256 in hexadecimal: by Bun's own, which is loaded already; elsewhere by node:crypto. */
export async function sha256(text: string): Promise<string> {
  if (typeof Bun !== 'undefined') return new Bun.CryptoHasher('sha256').update(text).digest('hex')
  const { createHash } = await import('node:crypto')
  return createHash('sha256').update(text).digest('hex')
}
