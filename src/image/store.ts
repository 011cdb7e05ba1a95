/**
 * The image store of a data root: an OCI image layout, unpacked layers beside it, and what `run` needs of each image
 * (store/layout.ts draws it). Every change is a rename: killed at any moment, the store is as before or as after.
 */
import { RegistryError } from '../errors.ts'
import { AT, LOCK } from '../linux/abi/flags.ts'
import { attempt, call } from '../linux/call.ts'
import type { ContentStore, Descriptor, Platform } from './content.ts'
import { holdImages, type ImageSnapshot } from './snapshot.ts'
import { openBlobWriter } from './store/blob-writer.ts'
import { openBlob, readDocument } from './store/blobs.ts'
import { type FoundImage, findListed, groupById, type ListedImage, noSuchImage } from './store/catalog.ts'
import { type Collected, collect } from './store/collect.ts'
import { exists, makeFolder, replaceFile } from './store/files.ts'
import { changeIndex } from './store/image-index.ts'
import { type LayerStoreOptions, Layers } from './store/layer-store.ts'
import { blobPath } from './store/layout.ts'
import { dropNames, type ImageEntry, readNames, rememberSummaries, setName } from './store/names.ts'
import { checkDoubtful } from './store/recover.ts'
import { chooseManifest, describeManifest, readImage, type StoredImage } from './store/resolve-image.ts'
import {
  damaged,
  type ImageSummary,
  platformOf,
  readSummaries,
  type Summaries,
  summarize,
} from './store/summary.ts'
import { closeWorkspace, noteMade, openWorkspace, settle, sweep, type Workspace } from './store/workspace.ts'

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
   * `exclusively` waits for that, so a store is opened for one command.
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
      read: (digest) => readDocument(root, digest),
      open: (digest, offset) => openBlob(root, digest, offset),
      newBlob: (digest) => openBlobWriter(root, digest, this.#openWorkspace()),
      tag: (reference, descriptor) => this.#tag(reference, descriptor),
      resolve: (reference) => readNames(root).find((entry) => entry.reference === reference)?.target,
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

  /** A file at a path of `temporaryPath` becomes the blob that it is. */
  adopt(path: string, digest: string): void {
    noteMade(this.#openWorkspace(), `blobs/${digest.replace(':', '/')}`)
    call('renameat2', [AT.FDCWD, path, AT.FDCWD, blobPath(this.root, digest), 0])
  }

  /** Every name in the store. */
  names(): ImageEntry[] {
    return readNames(this.root)
  }

  /** Every image in the store with all its names. One that is damaged is listed under its digest, without size. */
  async images(): Promise<ListedImage[]> {
    const known = readSummaries(this.root)
    const found: Summaries = {}
    const entries = []
    for (const { reference, target } of this.names()) {
      const summary = known[target.digest] ?? found[target.digest] ?? (await this.#summary(reference, target))
      if (summary !== undefined && known[target.digest] === undefined) found[target.digest] = summary
      entries.push({ reference, target, summary: summary ?? damaged(target) })
    }
    rememberSummaries(this.root, () => this.#openWorkspace(), found)
    return groupById(entries)
  }

  /**
   * The image that somebody typed: a name, an id or its first digits.
   * @throws StateError with docker's words when there is none
   */
  async find(typed: string): Promise<FoundImage> {
    const found = findListed(await this.images(), typed)
    if (found === undefined) throw noSuchImage(typed)
    return found
  }

  /** Manifest, config and chain ids of what a name points at. @param platform default: this machine's. */
  async read({ reference, target }: ImageEntry, platform?: Platform): Promise<StoredImage> {
    return readImage(this.content, await chooseManifest(this.content, target, reference, platform))
  }

  /** The same of an image that may have lost its names while a container kept it, by the digest of its manifest. */
  async readManifest(digest: string): Promise<StoredImage> {
    return readImage(this.content, await describeManifest(this.content, digest))
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
    const image = this.#snapshot(reference, await this.read({ reference, target }, platform))
    if (image === undefined) {
      throw new RegistryError(`Cannot use the image ${reference}: its layers are not unpacked; pull it again`)
    }
    return { ...image, layerDirectories: image.layerDirectories.map((path) => `${this.root}/${path}`) }
  }

  /**
   * Does what nobody may see half done: while `work` runs no other command has the store open, and no container starts.
   * @param patience how many milliseconds to wait for those who use it.
   * @throws RegistryError when they do not end.
   */
  async exclusively<T>(doing: string, work: () => Promise<T>, patience = 10_000): Promise<T> {
    const until = Date.now() + patience
    // From shared to exclusive: flock(2) converts, not atomically, so everything is read afterwards.
    while (attempt('flock', [this.#lock, LOCK.EX | LOCK.NB]) !== 0) {
      if (Date.now() > until) {
        call('flock', [this.#lock, LOCK.SH])
        throw new RegistryError(
          `Cannot ${doing}: another command is using the images; try again when it is done`,
        )
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    try {
      return await work()
    } finally {
      call('flock', [this.#lock, LOCK.SH])
    }
  }

  /** Takes names away. What they named stays until `collect`. Only within `exclusively`. */
  drop(references: Iterable<string>): void {
    dropNames(this.root, this.#openWorkspace(), new Set(references))
  }

  /**
   * Deletes blobs and layers that no name needs. Only within `exclusively`.
   * @param inUse the manifests of the images that containers are of: what a name no longer needs, they still do.
   */
  collect(inUse: () => Iterable<string> = () => []): Promise<Collected> {
    const { root, content, layers } = this
    const targets = this.names().map(({ target }) => target)
    return collect({ root, content, layers, workspace: this.#openWorkspace(), targets, inUse })
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

  /** The image is on disk before it has a name: syncfs, then the file for `run`, then index.json. */
  async #tag(reference: string, target: Descriptor): Promise<void> {
    const workspace = this.#openWorkspace()
    const image = await this.read({ reference, target })
    const snapshot = this.#snapshot(reference, image)
    settle(workspace)
    setName(this.root, workspace, reference, {
      target,
      snapshot,
      summary: summarize(image, this.#bytes(image)),
    })
  }

  async #summary(reference: string, target: Descriptor): Promise<ImageSummary | undefined> {
    try {
      const image = await this.read({ reference, target })
      return summarize(image, this.#bytes(image))
    } catch (error) {
      // One damaged image must not hide the others.
      if (error instanceof RegistryError) return undefined
      throw error
    }
  }

  /** Of the unpacked layers; what is not unpacked counts as it was sent. */
  #bytes({ chain, layers }: StoredImage): number {
    return chain.reduce(
      (sum, chainId, at) => sum + (this.layers.has(chainId) ? this.layers.bytes(chainId) : layers[at]!.size),
      0,
    )
  }

  /** With layer directories relative to the root, so that a data root may be moved. Undefined: not unpacked. */
  #snapshot(reference: string, image: StoredImage): ImageSnapshot | undefined {
    if (!image.chain.every((chainId) => this.layers.has(chainId))) return undefined
    const { overlayXattrs } = this.layers
    return {
      reference,
      id: image.config.digest,
      manifest: image.manifest.digest,
      platform: platformOf(image.document),
      config: (image.document.config ?? {}) as ImageSnapshot['config'],
      layerDirectories: this.layers.directories(image.chain, overlayXattrs),
      overlayXattrs,
    }
  }
}
