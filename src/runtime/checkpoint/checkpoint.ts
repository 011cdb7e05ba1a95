/** `checkpoint`: a running container's processes into a folder of images (criu(8), dump). */
import { StateError } from '../../errors.ts'
import { AT, S } from '../../linux/abi/flags.ts'
import { attempt } from '../../linux/call.ts'
import { fileType, makeFolder, writeFileAtomically } from '../../linux/file.ts'
import { deleteContainer } from '../delete.ts'
import { readConfig } from '../saved-config.ts'
import { type Container, lockContainer, readContainer } from '../state.ts'
import { statusOf } from '../status.ts'
import { runCriu } from './criu.ts'
import {
  bindMounts,
  type CriuOptions,
  commonArgs,
  EXTERNAL_NAMESPACES,
  mountPoint,
  namespacePath,
} from './criu-options.ts'

export interface CheckpointOptions extends CriuOptions {
  readonly leaveRunning?: boolean
  /** Only memory, again and again, before the last. */
  readonly preDump?: boolean
  /** Images of the time before; relative to `images`. */
  readonly parent?: string
  readonly pageServer?: { readonly address: string; readonly port: number }
  /** Gets a NUL when pages may be asked for. */
  readonly statusFd?: number
}

const LOG = 'dump.log'

/** What its standard streams were: a restore gives pipes their like (runc's file, and podman's). */
export const DESCRIPTORS = 'descriptors.json'

/** @throws StateError */
export async function checkpoint(root: string, id: string, options: CheckpointOptions): Promise<void> {
  const lock = lockContainer(readContainer(root, id).folder)
  try {
    const container = readContainer(root, id)
    const status = statusOf(container)
    if (!container.process || (status !== 'running' && status !== 'paused'))
      throw new StateError(`Container cannot be checkpointed in ${status} state`)
    const { pid } = container.process
    makeFolder(options.images)
    if (options.work !== undefined) makeFolder(options.work)
    if (!options.preDump) writeDescriptors(options.images, pid)
    runCriu({
      args: [options.preDump ? 'pre-dump' : 'dump', ...dumpArgs(container, pid, options)],
      log: `${options.work ?? options.images}/${LOG}`,
      purpose: `checkpoint container ${id}`,
      descriptors: options.statusFd === undefined ? [] : [options.statusFd],
    })
  } finally {
    lock.close()
  }
  if (!options.leaveRunning && !options.preDump) await deleteContainer(root, id, true)
}

function dumpArgs({ folder, state }: Container, pid: number, options: CheckpointOptions): string[] {
  const config = readConfig(folder)
  const { pageServer, parent } = options
  const external = (what: string): string[] => ['--external', what]
  return [
    ...['--tree', String(pid)],
    ...['--root', state.rootfs],
    ...commonArgs(options, config, LOG),
    ...(options.leaveRunning ? ['--leave-running'] : []),
    ...(parent === undefined ? [] : ['--prev-images-dir', parent, '--track-mem']),
    ...(pageServer
      ? ['--page-server', '--address', pageServer.address, '--port', String(pageServer.port)]
      : []),
    ...(options.statusFd === undefined ? [] : ['--status-fd', '3']),
    ...(state.cgroup === undefined ? [] : ['--freeze-cgroup', state.cgroup]),
    ...(options.preDump
      ? ['--track-mem']
      : [
          ...bindMounts(config).flatMap((mount) =>
            external(`mnt[${mountPoint(mount)}]:${mountPoint(mount)}`),
          ),
          ...maskedFiles(config.linux?.maskedPaths, pid).flatMap((path) =>
            external(`mnt[${path}]:/dev/null`),
          ),
        ]),
    ...EXTERNAL_NAMESPACES.flatMap(([type, name, key]) => {
      const path = namespacePath(config, type)
      return path === undefined ? [] : external(`${name}[${inodeOf(`/proc/${pid}/ns/${name}`)}]:${key}`)
    }),
  ]
}

/** Masked files have the host's /dev/null on them; masked folders an empty folder of their own, which is saved. */
const maskedFiles = (paths: readonly string[] | undefined, pid: number): string[] =>
  (paths ?? []).filter((path) => fileType(`/proc/${pid}/root${path}`) === S.IFCHR)

function linkTarget(path: string): string {
  const target = new Uint8Array(4096)
  const length = attempt('readlinkat', [AT.FDCWD, path, target])
  return length < 0 ? '' : new TextDecoder().decode(target.subarray(0, length))
}

/** `net:[4026531840]` */
const inodeOf = (path: string): string => /\[(\d+)\]/.exec(linkTarget(path))?.[1] ?? '0'

const writeDescriptors = (images: string, pid: number): void =>
  writeFileAtomically(
    `${images}/${DESCRIPTORS}`,
    JSON.stringify([0, 1, 2].map((fd) => linkTarget(`/proc/${pid}/fd/${fd}`))),
  )
