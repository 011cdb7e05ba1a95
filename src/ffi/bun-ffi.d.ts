/** The few names of bun:ffi that tinyctr uses, so that Bun's global types stay out of the Node build. */
declare module 'bun:ffi' {
  type FfiType = 'i64' | 'i64_fast' | 'ptr'
  interface Signature {
    readonly args: readonly FfiType[]
    readonly returns: FfiType
  }
  export function dlopen<const T extends Record<string, Signature>>(
    library: string,
    symbols: T,
  ): { readonly symbols: { readonly [K in keyof T]: (...args: (number | bigint)[]) => number } }
  export function ptr(bytes: Uint8Array): number
  export const read: { i32(address: number, offset: number): number }
}
