/** Bytes that are already verified, into the store. */
import type { ContentStore, Descriptor } from '../content.ts'

export async function saveDocument(
  store: ContentStore,
  descriptor: Descriptor,
  content: Uint8Array,
): Promise<void> {
  if (store.has(descriptor.digest)) return
  const writer = await store.newBlob(descriptor.digest)
  try {
    await writer.write(content.subarray(writer.resumeFrom))
    await writer.commit(descriptor)
  } finally {
    await writer.abort()
  }
}
