/**
 * How properties are run: some hundred times in CI, longer by hand (TINYCTR_FUZZ_RUNS), repeatable
 * (TINYCTR_FUZZ_SEED). What was found once stays as an `examples` of its property.
 */
import fc from 'fast-check'

const { TINYCTR_FUZZ_RUNS: runs, TINYCTR_FUZZ_SEED: seed } = process.env

export const parameters = (inCi: number): { numRuns: number; seed?: number } => ({
  numRuns: runs === undefined ? inCi : Number(runs),
  ...(seed !== undefined && { seed: Number(seed) }),
})

/** A copy of `base` in which some bytes are others: far more of these get past the first check than of random ones. */
export const mutated = (base: Buffer): fc.Arbitrary<Buffer> =>
  fc
    .array(fc.tuple(fc.nat(base.length - 1), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 8,
    })
    .map((changes) => {
      const copy = Buffer.from(base)
      for (const [at, byte] of changes) copy[at] = byte
      return copy
    })
