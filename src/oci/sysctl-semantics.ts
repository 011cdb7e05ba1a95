/**
 * Which kernel parameters belong to a namespace (namespaces(7), sysctl(8)). Any other one is the host's, and a
 * container must not change it.
 */
import { pointer } from './mismatch.ts'
import { refuse } from './refuse.ts'
import type { NamespaceType } from './runtime-spec.ts'

const ipc = ['msgmax', 'msgmnb', 'msgmni', 'sem', 'shmall', 'shmmax', 'shmmni', 'shm_rmid_forced']

export function checkSysctl(
  sysctl: { readonly [name: string]: string },
  namespaces: readonly NamespaceType[],
): void {
  for (const name of Object.keys(sysctl)) {
    const at = pointer(['linux', 'sysctl', name])
    const path = sysctlPath(name)
    if (path === undefined) refuse(at, 'the name of a kernel parameter such as net.ipv4.ip_forward', name)
    const namespace = sysctlNamespace(path.join('.'))
    if (namespace === undefined)
      refuse(at, 'a parameter of a namespace (net.*, fs.mqueue.*, kernel.shm* ...)', name)
    if (!namespaces.includes(namespace)) {
      refuse(
        at,
        `a namespace of type ${namespace} in /linux/namespaces, because this one is the host's,`,
        name,
      )
    }
  }
}

/**
 * The path below /proc/sys: `net.ipv4.ip_forward` and `net/ipv4/ip_forward` are the same. As in sysctl(8), the
 * first separator decides, so `net/ipv4/conf/eth0.1/forwarding` can name an interface with a dot in it.
 *
 * @returns undefined for what is no name, or would leave /proc/sys
 */
export function sysctlPath(name: string): string[] | undefined {
  const separator = /[./]/.exec(name)?.[0]
  if (separator === undefined) return undefined
  // With dots as separators, a slash stands for a dot in a part.
  const parts = name.split(separator).map((part) => (separator === '.' ? part.replaceAll('/', '.') : part))
  return parts.some((part) => part === '' || part === '.' || part === '..') ? undefined : parts
}

function sysctlNamespace(name: string): NamespaceType | undefined {
  if (name.startsWith('net.')) return 'network'
  if (name.startsWith('fs.mqueue.')) return 'ipc'
  if (name.startsWith('kernel.') && ipc.includes(name.slice('kernel.'.length))) return 'ipc'
  if (name.startsWith('user.')) return 'user'
  // kernel.hostname is not here: config.hostname says it, and two masters would quarrel.
  return name === 'kernel.domainname' ? 'uts' : undefined
}
