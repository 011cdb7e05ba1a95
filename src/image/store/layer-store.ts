/** Unpacked layers by chain id: made in the workspace, moved into place whole. */
import { E } from '../../linux/abi/errno.ts'
import { AT } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import type { LayerStore, UnpackOptions } from '../content.ts'
import { parseDigest } from '../digest.ts'
import { contentBytes } from '../layer/content-bytes.ts'
import { defaultLimits, type Limits } from '../layer/limits.ts'
import { removeTree } from '../layer/remove-tree.ts'
import { unpackLayer } from '../layer/unpack-layer.ts'
import { isOpaque, type OverlayXattrs, probeOverlayXattrs } from '../layer/whiteout.ts'
import { diskError, exists, makeFolder, openFolder, readFile, writeAside } from './files.ts'
import { layerPath } from './layout.ts'
import { noteMade, type Workspace } from './workspace.ts'

export interface LayerStoreOptions {
  readonly limits?: Limits
  /** Told what a layer asked for and could not have: `device nodes`, xattrs. */
  readonly onSkipped?: (chainId: string, skipped: ReadonlyMap<string, number>) => void
}

export class Layers implements LayerStore {
  readonly #root: string
  readonly #workspace: () => Workspace
  readonly #options: LayerStoreOptions
  #count = 0

  constructor(root: string, workspace: () => Workspace, options: LayerStoreOptions) {
    this.#root = root
    this.#workspace = workspace
    this.#options = options
  }

  has(chainId: string): boolean {
    return exists(layerPath(this.#root, chainId))
  }

  get overlayXattrs(): OverlayXattrs {
    return probeOverlayXattrs(this.#workspace().fd)
  }

  async unpack(layer: AsyncIterable<Uint8Array>, options: UnpackOptions): Promise<void> {
    const workspace = this.#workspace()
    const name = `layer-${this.#count++}`
    const temporary = `${workspace.path}/${name}`
    try {
      makeFolder(`${temporary}/diff`)
      const directory = openFolder(`${temporary}/diff`)
      try {
        call('fchmod', [directory, 0o755])
        const { overlayXattrs } = this
        const unpacked = await unpackLayer(layer, {
          diffId: options.diffId,
          target: {
            directory,
            overlayXattrs,
            chown: call('geteuid', []) === 0,
            // Who may set trusted.* is root outside any user namespace; inside one, devices cannot be made.
            devices: overlayXattrs === 'trusted',
          },
          limits: this.#options.limits ?? defaultLimits,
          ...(options.signal !== undefined && { signal: options.signal }),
        })
        noteBytes(temporary, unpacked.contentBytes)
        if (unpacked.skipped.size > 0) this.#options.onSkipped?.(options.chainId, unpacked.skipped)
      } finally {
        call('close', [directory])
      }
      this.#publish(temporary, options.chainId)
    } catch (cause) {
      throw diskError(`unpack the layer ${options.diffId}`, cause)
    } finally {
      removeTree(workspace.fd, name)
    }
  }

  /** Where an unpacked layer's files are. */
  path(chainId: string): string {
    return `${layerPath(this.#root, chainId)}/diff`
  }

  /** Bytes of the files in an unpacked layer. */
  bytes(chainId: string): number {
    const path = layerPath(this.#root, chainId)
    const noted = readFile(`${path}/bytes`)?.toString()
    if (noted !== undefined && /^\d+$/.test(noted)) return Number(noted)
    return contentBytes(`${path}/diff`)
  }

  #publish(temporary: string, chainId: string): void {
    const path = layerPath(this.#root, chainId)
    noteMade(this.#workspace(), `layers/${parseDigest(chainId).hex}`)
    const result = attempt('renameat2', [AT.FDCWD, temporary, AT.FDCWD, path, 0])
    // Another process was faster with the same layer: its copy is as good, ours is deleted.
    if (result === 0 || result === -E.NOTEMPTY || result === -E.EXIST) return
    call('renameat2', [AT.FDCWD, temporary, AT.FDCWD, path, 0])
  }

  /**
   * The directories to mount, top first, relative to the data root and short. Nothing below an opaque layer shows, and
   * overlayfs would not know: it merges the roots of all layers.
   */
  directories(chain: readonly string[], xattrs: OverlayXattrs): string[] {
    const directories: string[] = []
    for (const chainId of [...chain].reverse()) {
      directories.push(this.#shortName(chainId))
      const fd = openFolder(`${layerPath(this.#root, chainId)}/diff`)
      try {
        if (isOpaque(fd, xattrs)) break
      } finally {
        call('close', [fd])
      }
    }
    return directories
  }

  /** A symlink of 14 bytes in all, longer only where two chain ids begin alike. */
  #shortName(chainId: string): string {
    const { hex } = parseDigest(chainId)
    const target = `../layers/${hex}/diff`
    const buffer = new Uint8Array(target.length + 1)
    for (let length = 12; ; length += 4) {
      const name = `l/${hex.slice(0, length)}`
      const result = attempt('symlinkat', [target, AT.FDCWD, `${this.#root}/${name}`])
      if (result === 0) return name
      if (result !== -E.EXIST) call('symlinkat', [target, AT.FDCWD, `${this.#root}/${name}`])
      const read = call('readlinkat', [AT.FDCWD, `${this.#root}/${name}`, buffer])
      if (Buffer.from(buffer.subarray(0, read)).toString() === target) return name
    }
  }
}

/** Without fsync: what it says can be counted again. */
function noteBytes(layer: string, bytes: number): void {
  writeAside(`${layer}/bytes`, String(bytes), `${layer}/bytes.new`)
}
