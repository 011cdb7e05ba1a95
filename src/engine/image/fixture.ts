/**
 * What `alpine` and `busybox` fall back to where no registry can be reached: the small busybox image that comes with
 * tinyctr (rootfs-fixtures/). It is kept under a name of its own, so it is never taken for the real one.
 */
import { loadImage } from '../../image/archive/load.ts'
import { type ImageSnapshot, lookupImage } from '../../image/snapshot.ts'
import { ImageStore } from '../../image/store.ts'
import { fileType } from '../../linux/file.ts'
import type { ImageSource } from './find-image.ts'

const STANDS_IN_FOR = new Set(['docker.io/library/alpine:latest', 'docker.io/library/busybox:latest'])
const NAME = 'localhost/tinyctr-fixture:latest'

/** @throws `failure`, the pull's own error, for any other image */
export async function loadFixture(
  reference: string,
  source: ImageSource,
  failure: Error,
): Promise<ImageSnapshot> {
  if (!STANDS_IN_FOR.has(reference) || fixtureFolder() === undefined) throw failure
  source.warn(
    `warning: no registry can be reached; running the busybox image that comes with tinyctr, which is not the real ${reference.replace(/^docker\.io\/library\/|:latest$/g, '')}`,
  )
  const loaded = await builtInImage(source.dataRoot)
  if (!loaded) throw failure
  return loaded
}

/** The image that comes with tinyctr, put into the store if it is not there; undefined where it did not come along. */
export async function builtInImage(dataRoot: string): Promise<ImageSnapshot | undefined> {
  const known = lookupImage(dataRoot, NAME)
  const folder = fixtureFolder()
  if (known || folder === undefined) return known
  const store = new ImageStore(dataRoot)
  try {
    await loadImage(store, folder, { reference: NAME })
  } finally {
    store.close()
  }
  return lookupImage(dataRoot, NAME)
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
