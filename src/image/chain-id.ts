/** Chain ids (image-spec config.md "Layer ChainID"): a layer's name that includes all the layers below it. */
import { digestOf } from './verify.ts'

/** One chain id for each diff id, lowest layer first. The lowest layer's is its diff id. */
export function chainIds(diffIds: readonly string[]): string[] {
  const chain: string[] = []
  for (const diffId of diffIds) {
    const below = chain.at(-1)
    chain.push(below === undefined ? diffId : digestOf(new TextEncoder().encode(`${below} ${diffId}`)))
  }
  return chain
}
