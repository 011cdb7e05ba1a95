/** JSON with what system calls take besides: bytes and large numbers. */

export const encode = (value: unknown): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify(value, (_, inner: unknown) => {
      if (typeof inner === 'bigint') return { $number: String(inner) }
      return inner instanceof Uint8Array ? { $bytes: [...inner] } : inner
    }),
  )

export const decode = (bytes: Uint8Array): unknown =>
  JSON.parse(new TextDecoder().decode(bytes), (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null) return inner
    if ('$number' in inner) return BigInt(inner.$number as string)
    return '$bytes' in inner ? new Uint8Array(inner.$bytes as number[]) : inner
  })
