/** A store of a test's own. */
import type { TestContext } from 'node:test'
import type { LayerStoreOptions } from '../../src/image/store/layer-store.ts'
import { ImageStore } from '../../src/image/store.ts'
import { scratch } from './layer/unpack-into.ts'

export async function withStore(
  t: TestContext,
  work: (store: ImageStore, folder: string) => Promise<void>,
  options: LayerStoreOptions = {},
): Promise<void> {
  const folder = scratch(t)
  const store = new ImageStore(`${folder}/store`, options)
  try {
    await work(store, folder)
  } finally {
    store.close()
  }
}
