/**
 * The image store of a data root: an OCI image layout, unpacked layers beside it, and what `run` needs of each image
 * (store/layout.ts draws it). Every change is a rename: killed at any moment, the store is as before or as after.
 */
import { RegistryError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AT, LOCK } from '../linux/abi/flags.ts'
import { attempt, call } from '../linux/call.ts'
import type { ContentStore, Descriptor, Platform } from './content.ts'
import { largestDocumentBytes } from './manifest.ts'
import { holdImages, type ImageSnapshot, lookupImage } from './snapshot.ts'
import { openBlobWriter } from './store/blob-writer.ts'
import { collect } from './store/collect.ts'
import { exists, makeFolder, readFile, removeFile, replaceFile } from './store/files.ts'
import { changeIndex, named, readIndex, referenceOf } from './store/image-index.ts'
import { type LayerStoreOptions, Layers } from './store/layer-store.ts'
import { blobPath, referencePath } from './store/layout.ts'
import { checkDoubtful } from './store/recover.ts'
import { chooseManifest, readImage } from './store/resolve-image.ts'
import { closeWorkspace, openWorkspace, settle, sweep, type Workspace } from './store/workspace.ts'
import { digestOf, verify } from './verify.ts'

export interface ImageEntry {
  readonly reference: string
  readonly target: Descriptor
}

const folders = ['blobs/sha256', 'blobs/sha512', 'layers', 'l', 'refs', 'partial', 'tmp']

export class ImageStore {
  readonly root: string
  readonly content: ContentStore
  readonly layers: Layers
  readonly #lock: number
  #workspace: Workspace | undefined
  #temporaries = 0

  /**
   * Opens the store, making what is missing, and sweeps up after commands that died. Images stay until `close`: only
   * `remove` waits for that, so a store is opened for one command.
   * @param root the data root, absolute.
   */
  constructor(root: string, options: LayerStoreOptions = {}) {
    this.root = root
    for (const folder of folders) makeFolder(`${root}/${folder}`)
    this.#lock = holdImages(root)
    try {
      this.#writeLayoutFile()
      sweep(root, (name) => checkDoubtful(root, name))
    } catch (cause) {
      call('close', [this.#lock])
      throw cause
    }
    this.layers = new Layers(root, () => this.#openWorkspace(), options)
    this.content = {
      has: (digest) => exists(blobPath(root, digest)),
      read: (digest) => this.#read(digest),
      open: (digest) => readBlob(blobPath(root, digest)),
      newBlob: (digest) => openBlobWriter(root, digest, this.#openWorkspace()),
      tag: (reference, descriptor) => this.#tag(reference, descriptor),
      resolve: (reference) => readIndex(root).find((entry) => referenceOf(entry) === reference),
    }
  }

  /** Ends the command's use of the store and deletes its workspace. */
  close(): void {
    if (this.#workspace !== undefined) {
      // What an interrupted pull finished is kept, and safe from here on.
      settle(this.#workspace)
      closeWorkspace(this.root, this.#workspace)
      this.#workspace = undefined
    }
    call('close', [this.#lock])
  }

  /** A path of this command's own on the store's file system, gone when the store is closed. */
  temporaryPath(name: string): string {
    return `${this.#openWorkspace().path}/${name}-${this.#temporaries++}`
  }

  /** Every name in the store. */
  images(): ImageEntry[] {
    return readIndex(this.root).flatMap((target) => {
      const reference = referenceOf(target)
      return reference === undefined ? [] : [{ reference, target }]
    })
  }

  /**
   * The image that a full reference names.
   * @param platform default: this machine's, or else the one that was pulled.
   * @throws RegistryError when it is not in the store, or not unpacked, for that platform.
   */
  async resolveImage(reference: string, platform?: Platform): Promise<ImageSnapshot> {
    const target = this.content.resolve(reference)
    if (target === undefined)
      throw new RegistryError(`Cannot use the image ${reference}: it is not in the store`)
    const image = await this.#snapshot(reference, target, platform)
    if (image === undefined) {
      throw new RegistryError(`Cannot use the image ${reference}: its layers are not unpacked; pull it again`)
    }
    return { ...image, layerDirectories: image.layerDirectories.map((path) => `${this.root}/${path}`) }
  }

  /**
   * Takes a name away, and with the last name of an image its blobs and layers. Waits up to `patience` milliseconds
   * for commands that are using the store.
   * @param inUse image ids that containers need.
   * @returns how many blobs and layers went; undefined when there is no such name.
   * @throws RegistryError when the image is in use, or the store is.
   */
  async remove(
    reference: string,
    { inUse = new Set<string>(), patience = 10_000 }: { inUse?: ReadonlySet<string>; patience?: number } = {},
  ): Promise<{ blobs: number; layers: number } | undefined> {
    const workspace = this.#openWorkspace()
    const until = Date.now() + patience
    // From shared to exclusive: flock(2) converts, not atomically, so everything is read afterwards.
    while (attempt('flock', [this.#lock, LOCK.EX | LOCK.NB]) !== 0) {
      if (Date.now() > until) {
        call('flock', [this.#lock, LOCK.SH])
        throw new RegistryError(
          `Cannot remove ${reference}: another command is using the images; try again when it is done`,
        )
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    try {
      const id = lookupImage(this.root, reference)?.id
      const target = this.content.resolve(reference)
      if (target === undefined && id === undefined) return undefined
      const others = this.images().filter((image) => image.reference !== reference)
      const isLast =
        id !== undefined && !others.some((other) => lookupImage(this.root, other.reference)?.id === id)
      if (isLast && inUse.has(id)) {
        throw new RegistryError(`Cannot remove ${reference}: a container uses it (image ${id})`)
      }
      removeFile(referencePath(this.root, reference))
      changeIndex(this.root, workspace, (entries) =>
        entries.filter((entry) => referenceOf(entry) !== reference),
      )
      return await collect(
        this.root,
        this.content,
        workspace,
        others.map((other) => other.target),
      )
    } finally {
      call('flock', [this.#lock, LOCK.SH])
    }
  }

  #openWorkspace(): Workspace {
    this.#workspace ??= openWorkspace(this.root)
    return this.#workspace
  }

  #writeLayoutFile(): void {
    if (exists(`${this.root}/oci-layout`) && exists(`${this.root}/index.json`)) return
    const workspace = this.#openWorkspace()
    replaceFile(`${this.root}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}', `${workspace.path}/oci-layout`)
    changeIndex(this.root, workspace, (entries) => entries)
  }

  async #read(digest: string): Promise<Uint8Array> {
    const bytes = readFile(blobPath(this.root, digest))
    if (bytes === undefined) throw new RegistryError(`Cannot read the blob ${digest}: it is not in the store`)
    if (bytes.length > largestDocumentBytes) {
      throw new RegistryError(`Cannot read the blob ${digest}: it has ${bytes.length} bytes, more than 4 MiB`)
    }
    const got = { digest: digestOf(bytes, digest.split(':')[0]), size: bytes.length }
    verify({ mediaType: '', digest, size: bytes.length }, 'the stored blob', got)
    return bytes
  }

  /** The image is on disk before it has a name: syncfs, then the file for `run`, then index.json. */
  async #tag(reference: string, target: Descriptor): Promise<void> {
    const workspace = this.#openWorkspace()
    const image = await this.#snapshot(reference, target)
    settle(workspace)
    const path = referencePath(this.root, reference)
    makeFolder(path.slice(0, path.lastIndexOf('/')))
    if (image === undefined) removeFile(path)
    else replaceFile(path, JSON.stringify(image), `${workspace.path}/reference.json`)
    changeIndex(this.root, workspace, (entries) => [
      ...entries.filter((entry) => referenceOf(entry) !== reference),
      named(reference, target),
    ])
  }

  /** With layer directories relative to the root, so that a data root may be moved. Undefined: not unpacked. */
  async #snapshot(
    reference: string,
    target: Descriptor,
    platform?: Platform,
  ): Promise<ImageSnapshot | undefined> {
    const manifest = await chooseManifest(this.content, target, reference, platform)
    const image = await readImage(this.content, manifest)
    if (!image.chain.every((chainId) => this.layers.has(chainId))) return undefined
    const { os, architecture, variant } = image.document
    const { overlayXattrs } = this.layers
    return {
      reference,
      id: image.config.digest,
      manifest: manifest.digest,
      platform: { os, architecture, ...(variant !== undefined && { variant }) },
      config: (image.document.config ?? {}) as ImageSnapshot['config'],
      layerDirectories: this.layers.directories(image.chain, overlayXattrs),
      overlayXattrs,
    }
  }
}

/** A blob in pieces of half a megabyte. */
async function* readBlob(path: string): AsyncGenerator<Uint8Array> {
  const fd = call('openat', [AT.FDCWD, path, O.RDONLY | O.CLOEXEC, 0])
  try {
    for (;;) {
      const piece = new Uint8Array(512 * 1024)
      const length = call('read', [fd, piece])
      if (length === 0) return
      yield piece.subarray(0, length)
    }
  } finally {
    call('close', [fd])
  }
}
