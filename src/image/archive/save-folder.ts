/** An OCI layout as a folder. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { copyFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { RegistryError } from '../../errors.ts'
import { blobPath } from '../store/layout.ts'
import type { ImageStore } from '../store.ts'
import type { ArchiveFile } from './save.ts'

/** @throws RegistryError when something is there already */
export async function saveFolder(
  store: ImageStore,
  files: readonly ArchiveFile[],
  folder: string,
): Promise<void> {
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new RegistryError(`Cannot save to ${folder}: it is not empty`)
  }
  // index.json and oci-layout come last: until then nobody takes it for a layout.
  for (const { path, digest, bytes } of files) {
    const target = `${folder}/${path}`
    mkdirSync(dirname(target), { recursive: true })
    if (digest === undefined) await writeFile(target, bytes!)
    else await copyFile(blobPath(store.root, digest), target)
  }
}
