/** The OCI bundles that runtimes are compared with: what `runc spec` writes, around a static /bin/true. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolveSeccomp } from '../src/engine/config/seccomp-resolver.ts'
import { readKernelRelease } from '../src/linux/host.ts'

export interface Features {
  /** Docker's default profile, three architectures. */
  readonly seccomp: boolean
  /** A cgroup of its own, and a cgroup namespace. */
  readonly cgroup: boolean
}

/** @param folder where the bundle is made; must not exist */
export function makeBundle(folder: string, args: readonly string[], { seccomp, cgroup }: Features): string {
  mkdirSync(`${folder}/rootfs/bin`, { recursive: true })
  for (const name of ['proc', 'dev', 'sys', 'etc', 'tmp']) mkdirSync(`${folder}/rootfs/${name}`)
  for (const name of ['true', 'sleep']) copyFileSync('/bin/busybox', `${folder}/rootfs/bin/${name}`)
  execFileSync('runc', ['spec', '--bundle', folder])
  const config = JSON.parse(readFileSync(`${folder}/config.json`, 'utf8'))
  config.process.terminal = false
  config.process.args = args
  // A host of cgroup v1 has ten hierarchies to mount here, and one of v2 has one: not the same work for everybody.
  config.mounts = config.mounts.filter(({ type }: { type: string }) => type !== 'cgroup')
  if (cgroup) config.linux.namespaces = withCgroup(config.linux.namespaces)
  else delete config.linux.resources
  if (!cgroup) config.linux.namespaces = config.linux.namespaces.filter(isNotCgroup)
  if (seccomp)
    config.linux.seccomp = resolveSeccomp(readKernelRelease())(
      'default',
      config.process.capabilities.bounding,
    )
  writeFileSync(`${folder}/config.json`, JSON.stringify(config, null, 2))
  return folder
}

const isNotCgroup = ({ type }: { type: string }): boolean => type !== 'cgroup'
const withCgroup = (namespaces: { type: string }[]) => [...namespaces.filter(isNotCgroup), { type: 'cgroup' }]
