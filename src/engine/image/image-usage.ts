/** What images take on the disk: layers that several have count once. */
import type { ListedImage } from '../../image/store/catalog.ts'

export interface ImageUsage {
  /** Bytes of layers that another image has too, and of those that none has. */
  readonly shared: number
  readonly unique: number
}

export interface StoreUsage {
  readonly bytes: number
  /** Of layers that no image in use has. */
  readonly reclaimable: number
  readonly of: ReadonlyMap<ListedImage, ImageUsage>
}

/**
 * @param bytesOf the bytes of an unpacked layer, by chain id
 * @param isUsed whether a container is of the image
 */
export function imageUsage(
  images: readonly ListedImage[],
  bytesOf: (chainId: string) => number,
  isUsed: (image: ListedImage) => boolean,
): StoreUsage {
  const layers = new Map<string, { bytes: number; images: number; used: boolean }>()
  for (const image of images) {
    for (const chainId of new Set(image.chain)) {
      const layer = layers.get(chainId) ?? { bytes: bytesOf(chainId), images: 0, used: false }
      layers.set(chainId, { ...layer, images: layer.images + 1, used: layer.used || isUsed(image) })
    }
  }
  const sum = (
    those: (layer: { images: number; used: boolean }) => boolean,
    chain: Iterable<string>,
  ): number => {
    let bytes = 0
    for (const chainId of chain) if (those(layers.get(chainId)!)) bytes += layers.get(chainId)!.bytes
    return bytes
  }
  const usageOf = ({ chain }: ListedImage): ImageUsage => ({
    shared: sum((layer) => layer.images > 1, new Set(chain)),
    unique: sum((layer) => layer.images === 1, new Set(chain)),
  })
  return {
    bytes: sum(() => true, layers.keys()),
    reclaimable: sum((layer) => !layer.used, layers.keys()),
    of: new Map(images.map((image) => [image, usageOf(image)])),
  }
}
