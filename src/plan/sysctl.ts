/** Kernel parameters of the container's own namespaces (`linux.sysctl`), written through the proc we mounted ourselves. */

import { ConfigError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { RESOLVE } from '../linux/abi/flags.ts'
import type { Config, NamespaceType } from '../oci/runtime-spec.ts'
import { sysctlPath } from '../oci/sysctl-semantics.ts'
import { call, each, type Step, slot } from './step.ts'
import type { Tree } from './tree.ts'

const IPC = /^(kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)|fs\.mqueue\..+)$/

/** Which namespace a parameter belongs to. Any other is the whole host's and not a container's to set. */
function ownerOf(name: string): NamespaceType | undefined {
  if (IPC.test(name)) return 'ipc'
  if (name.startsWith('net.')) return 'network'
  if (name === 'kernel.hostname' || name === 'kernel.domainname') return 'uts'
  if (name.startsWith('user.')) return 'user'
  return undefined
}

export function sysctlSteps(config: Config, tree: Tree, isolated: (type: NamespaceType) => boolean): Step[] {
  const entries = Object.entries(config.linux?.sysctl ?? {})
  if (entries.length === 0) return []
  const proc = tree.at('/proc')
  if (!proc)
    throw new ConfigError(
      '/linux/sysctl',
      'expected a proc mount at /proc: kernel parameters are set through it',
    )
  const parameters = entries.map(([given, value]) => parseParameter(given, value, isolated))
  const at = parameters.map((parameter) => parameter.at)
  const opened = each(parameters.map((_, i) => slot(`sysctl_${i}`)))
  const how = {
    flags: O.WRONLY | O.CLOEXEC,
    resolve: RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS | RESOLVE.NO_XDEV,
  }
  return [
    call('openat2', [proc, each(parameters.map(({ path }) => `sys/${path}`)), how], {
      into: opened,
      why: 'kernel parameters of its own namespaces',
      at,
    }),
    call('write', [opened, each(parameters.map(({ value }) => value))], { why: 'their values', at }),
  ]
}

function parseParameter(given: string, value: string, isolated: (type: NamespaceType) => boolean) {
  const at = `/linux/sysctl/${given.replaceAll('~', '~0').replaceAll('/', '~1')}`
  const parts = sysctlPath(given)
  if (!parts) {
    throw new ConfigError(at, `expected the name of a kernel parameter but found "${given}"`)
  }
  const owner = ownerOf(parts.join('.'))
  if (!owner) {
    throw new ConfigError(at, `expected a parameter of a namespace but ${given} belongs to the whole host`)
  }
  if (!isolated(owner)) {
    throw new ConfigError(at, `expected an own ${owner} namespace: without it ${given} would change the host`)
  }
  if (/[\n\0]/.test(value)) throw new ConfigError(at, 'expected a value of one line')
  return { at, path: parts.join('/'), value }
}
