/** Podman as a contender: a store of its own on tmpfs, without systemd, networks and limits that it cannot set here. */
import { execFileSync } from 'node:child_process'
import { here } from './timer.ts'

export interface BenchPodman {
  /** `podman, overlay`: where podman can have that on this tmpfs; else it copies. */
  readonly name: string
  readonly command: readonly string[]
  /** Behind `run`. */
  readonly flags: readonly string[]
}

/** The fixture as an archive with a name, which both sides load. */
export function makeArchive(folder: string, image: string): string {
  execFileSync(here('../test/host/install-packages'), ['podman', 'skopeo'], { stdio: 'inherit' })
  const layout = here('../rootfs-fixtures/busybox')
  const archive = `${folder}/image.tar`
  execFileSync('skopeo', ['copy', '-q', `oci:${layout}:latest`, `docker-archive:${archive}:${image}`])
  return archive
}

export function podmanWith(archive: string, folder: string): BenchPodman {
  for (const driver of ['overlay', 'vfs']) {
    const own = `${folder}/podman-${driver}`
    const command = [
      ...['podman', '--root', own, '--runroot', `${own}-run`, '--storage-driver', driver],
      ...['--cgroup-manager', 'cgroupfs', '--events-backend', 'none'],
    ]
    try {
      execFileSync(command[0]!, [...command.slice(1), 'load', '-q', '-i', archive], { stdio: 'ignore' })
    } catch {
      continue
    }
    const limits = ['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=1000:1000']
    return { name: `podman, ${driver}`, command, flags: ['--network', 'none', ...limits] }
  }
  throw new Error('Cannot load the image into podman: neither overlay nor vfs works')
}
