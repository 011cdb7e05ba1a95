/**
 * `restore`: a container from the images of a checkpoint (criu(8), restore). CRIU makes its namespaces, mounts and
 * processes; ours are its state, its cgroup with the limits of the bundle's config, and a root that is a mount.
 */
import { readFileSync } from 'node:fs'
import { StateError } from '../../errors.ts'
import { O } from '../../linux/abi/arch.ts'
import { AT, MNT, MS, S } from '../../linux/abi/flags.ts'
import { applySteps } from '../../linux/apply-steps.ts'
import { attempt, call } from '../../linux/call.ts'
import { fileType, makeFolder, readText, writeFileAtomically } from '../../linux/file.ts'
import { readHost } from '../../linux/host.ts'
import { type Config, OCI_VERSION } from '../../oci/runtime-spec.ts'
import { sourceOf } from '../../plan/bind-source.ts'
import { cgroupFolder, cgroupSteps } from '../../plan/cgroup.ts'
import type { Host } from '../../plan/host.ts'
import { slot, call as step } from '../../plan/step.ts'
import { Tree } from '../../plan/tree.ts'
import { type CgroupManager, readBundle } from '../bundle.ts'
import { deleteContainer } from '../delete.ts'
import { type ContainerState, checkId, lockContainer } from '../state.ts'
import { DESCRIPTORS } from './checkpoint.ts'
import { runCriu } from './criu.ts'
import { bindMounts, type CriuOptions, commonArgs, EXTERNAL_NAMESPACES, mountPoint } from './criu-options.ts'

export interface RestoreOptions extends CriuOptions {
  readonly root: string
  readonly id: string
  /** Absolute. */
  readonly bundle: string
  readonly cgroupManager: CgroupManager
  readonly pidFile?: string
  readonly lsmProfile?: string
  readonly lsmMountContext?: string
}

const LOG = 'restore.log'

/** @returns the pid of its first process, our child. @throws StateError, ConfigError */
export async function restore(options: RestoreOptions): Promise<number> {
  const { id, root } = options
  checkId(id)
  const folder = `${root}/${id}`
  if (fileType(folder) !== undefined) throw new StateError(`container with id exists: ${id}`)
  if (options.cgroupManager === 'systemd')
    throw new StateError(
      'cannot restore through systemd: configure the cgroupfs manager for restored containers',
    )
  const { config, rootfs, text } = readBundle(options)
  const host = readHost(config, options.bundle)
  const cgroup = cgroupFolder(config, host)
  makeFolder(folder)
  const lock = lockContainer(folder)
  let pid: number
  try {
    writeState(folder, text, {
      ociVersion: OCI_VERSION,
      id,
      bundle: options.bundle,
      rootfs,
      owner: call('geteuid', []),
      ...(config.annotations ? { annotations: config.annotations } : {}),
      ...(cgroup === undefined ? {} : { cgroup }),
    })
    makeCgroup(config, host)
    makeMountPoints(config, rootfs)
    pid = thaw(options, config, folder, rootfs, cgroup)
  } catch (error) {
    lock.close()
    await deleteContainer(root, id, true)
    throw error
  }
  lock.close()
  return pid
}

function writeState(folder: string, config: string, state: ContainerState): void {
  writeFileAtomically(`${folder}/config.json`, config)
  writeFileAtomically(`${folder}/state.json`, `${JSON.stringify(state)}\n`)
}

function makeCgroup(config: Config, host: Host): void {
  const failed = applySteps(cgroupSteps(config, host, true))
  if (failed) throw new StateError(`cannot make the cgroup of the container (errno ${failed.errno})`)
}

/** CRIU mounts where it finds a place; what lies in a tmpfs comes with its images. */
function makeMountPoints(config: Config, rootfs: string): void {
  const mounts = config.mounts ?? []
  const inTmpfs = (path: string): boolean =>
    mounts.some((mount) => mount.type === 'tmpfs' && path.startsWith(`${mountPoint(mount)}/`))
  const root = slot('root')
  const tree = new Tree(root)
  const folders = mounts.map(mountPoint).filter((path) => path !== '/' && !inTmpfs(path))
  const failed = applySteps([
    step('openat', [AT.FDCWD, rootfs, O.PATH | O.DIRECTORY | O.CLOEXEC, 0], { into: root, why: 'the root' }),
    ...mounts.flatMap((mount, i) =>
      folders.includes(mountPoint(mount)) && fileType(`${rootfs}${mountPoint(mount)}`) === undefined
        ? tree.directory(mountPoint(mount), `/mounts/${i}`).steps
        : [],
    ),
  ])
  if (failed) throw new StateError(`cannot make the mount points in ${rootfs} (errno ${failed.errno})`)
}

/** CRIU wants a root that is a mount, whose parent is not mounted over. */
function thaw(
  options: RestoreOptions,
  config: Config,
  folder: string,
  rootfs: string,
  cgroup: string | undefined,
): number {
  const mounted = `${folder}/criu-root`
  const opened: number[] = []
  makeFolder(mounted)
  call('mount', [rootfs, mounted, null, MS.BIND | MS.REC, null])
  try {
    const inherited = inheritedArgs(config, options.images, opened)
    if (options.work !== undefined) makeFolder(options.work)
    runCriu({
      args: [
        'restore',
        ...['--restore-detached', '--restore-sibling'],
        ...['--pidfile', `${folder}/criu.pid`, '--root', mounted],
        ...commonArgs(options, config, LOG),
        ...inherited,
        ...externalMounts(options, config),
        '--evasive-devices',
        ...(cgroup === undefined ? [] : ['--cgroup-root', ownPath(cgroup)]),
        ...(options.lsmProfile ? ['--lsm-profile', options.lsmProfile] : []),
        ...(options.lsmMountContext ? ['--lsm-mount-context', options.lsmMountContext] : []),
      ],
      log: `${options.work ?? options.images}/${LOG}`,
      purpose: `restore container ${options.id}`,
      descriptors: opened,
      ...(cgroup === undefined ? {} : { cgroup }),
    })
  } finally {
    attempt('umount2', [mounted, MNT.DETACH])
    for (const fd of opened) attempt('close', [fd])
  }
  const pid = Number(readText(`${folder}/criu.pid`))
  writeFileAtomically(`${folder}/process`, readText(`/proc/${pid}/stat`))
  if (options.pidFile !== undefined) writeFileAtomically(options.pidFile, String(pid), 0o644)
  return pid
}

/** Below the mount of cgroup v2. */
const ownPath = (cgroup: string): string => cgroup.replace(/^\/sys\/fs\/cgroup(\/unified)?/, '')

function externalMounts({ bundle }: RestoreOptions, config: Config): string[] {
  const external = (key: string, value: string): string[] => ['--external', `mnt[${key}]:${value}`]
  return [
    ...bindMounts(config).flatMap((mount) => external(mountPoint(mount), sourceOf(mount, bundle))),
    ...(config.linux?.maskedPaths?.length ? external('/dev/null', '/dev/null') : []),
  ]
}

/** The first that CRIU has besides its standard streams. */
const FIRST_DESCRIPTOR = 3

/** Namespaces that it enters, and the pipes that take the place of those it had. Fills `opened`. */
function inheritedArgs(config: Config, images: string, opened: number[]): string[] {
  const namespaces = (config.linux?.namespaces ?? []).flatMap(({ path, type }): string[] => {
    if (!path) return []
    const external = EXTERNAL_NAMESPACES.find(([name]) => name === type)
    if (!external) return ['--join-ns', `${type === 'mount' ? 'mnt' : type}:${path}`]
    opened.push(call('openat', [AT.FDCWD, path, O.RDONLY | O.CLOEXEC, 0]))
    return ['--inherit-fd', `fd[${FIRST_DESCRIPTOR + opened.length - 1}]:${external[2]}`]
  })
  return [...namespaces, ...pipeArgs(images)]
}

function pipeArgs(images: string): string[] {
  const path = `${images}/${DESCRIPTORS}`
  const were = fileType(path) === S.IFREG ? (JSON.parse(readFileSync(path, 'utf8')) as string[]) : []
  return were.flatMap((target, fd) =>
    target.includes('pipe:') ? ['--inherit-fd', `fd[${fd}]:${target}`] : [],
  )
}
