/** The one global beyond ECMAScript that the pure rooms use; both runtimes have it. */
declare class TextEncoder {
  encode(text: string): Uint8Array
  encodeInto(text: string, into: Uint8Array): { read: number; written: number }
}
declare class TextDecoder {
  decode(bytes: Uint8Array): string
}
