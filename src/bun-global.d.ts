/** The little of Bun's own API that is used where Node has no equal as fast; absent on Node. */
declare const Bun:
  | {
      readonly main: string
      readonly CryptoHasher: new (
        algorithm: 'sha256',
      ) => { update(text: string): { digest(encoding: 'hex'): string } }
    }
  | undefined
