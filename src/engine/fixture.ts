/**
 * What `alpine` and `busybox` fall back to where no registry can be reached: the small busybox image that comes with
 * tinyctr (rootfs-fixtures/). It is kept under a name of its own, so it is never taken for the real one.
 */
import { loadImage } from '../image/archive/load.ts'
import { type ImageSnapshot, lookupImage } from '../image/snapshot.ts'
import { ImageStore } from '../image/store.ts'
import { fileType } from '../linux/file.ts'
import type { ImageSource } from './find-image.ts'

const STANDS_IN_FOR = new Set(['docker.io/library/alpine:latest', 'docker.io/library/busybox:latest'])
const NAME = 'localhost/tinyctr-fixture:latest'

/** @throws `failure`, the pull's own error, for any other image */
export async function loadFixture(
  reference: string,
  source: ImageSource,
  failure: Error,
): Promise<ImageSnapshot> {
  const folder = fixtureFolder()
  if (!STANDS_IN_FOR.has(reference) || folder === undefined) throw failure
  source.warn(
    `warning: no registry can be reached; running the busybox image that comes with tinyctr, which is not the real ${reference.replace(/^docker\.io\/library\/|:latest$/g, '')}`,
  )
  const known = lookupImage(source.dataRoot, NAME)
  if (known) return known
  const store = new ImageStore(source.dataRoot)
  try {
    await loadImage(store, folder, { reference: NAME })
  } finally {
    store.close()
  }
  const loaded = lookupImage(source.dataRoot, NAME)
  if (!loaded) throw failure
  return loaded
}

/** Beside the executable as built in a checkout, or where a package puts it. */
function fixtureFolder(): string | undefined {
  const program = typeof Bun === 'undefined' ? (process.argv[1] ?? '') : process.execPath
  const above = (path: string): string => path.slice(0, path.lastIndexOf('/'))
  const candidates = [
    `${above(above(program))}/rootfs-fixtures/busybox`,
    `${above(above(above(program)))}/rootfs-fixtures/busybox`,
    '/usr/share/tinyctr/rootfs-fixtures/busybox',
  ]
  return candidates.find((path) => fileType(path) !== undefined)
}
