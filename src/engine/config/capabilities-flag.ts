/** `--cap-add`, `--cap-drop` and `--privileged`: Docker's arithmetic on capabilities(7) (moby oci/caps). */
import { ConfigError, UsageError } from '../../errors.ts'
import { CAPABILITIES } from '../../linux/abi/capability.ts'

/** Docker's 14. */
export const defaultCapabilities: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
]

/** `net_admin`, `NET_ADMIN`, `CAP_NET_ADMIN` -> `CAP_NET_ADMIN`; `all` -> `ALL`. @throws UsageError */
export function parseCapability(text: string): string {
  const name = text.toUpperCase()
  if (name === 'ALL' || name === 'CAP_ALL') return 'ALL'
  const full = name.startsWith('CAP_') ? name : `CAP_${name}`
  if (!CAPABILITIES.includes(full)) throw new UsageError(`invalid capability: "${text}"`)
  return full
}

export interface CapabilityRequest {
  add: readonly string[]
  drop: readonly string[]
  privileged: boolean
}

/**
 * The capabilities of a container.
 * @param last the number of the last capability this kernel knows (/proc/sys/kernel/cap_last_cap)
 * @param held what "all" is at most: tinyctr may itself run in a container, or under a service manager that drops some
 * @throws ConfigError for a capability the kernel does not have
 */
export function containerCapabilities(
  { add, drop, privileged }: CapabilityRequest,
  last: number,
  held?: bigint,
): string[] {
  if (!privileged && add.length + drop.length === 0) return [...defaultCapabilities]
  const all = CAPABILITIES.slice(0, last + 1)
  const ours = held === undefined ? all : all.filter((_, number) => (held >> BigInt(number)) & 1n)
  if (privileged) return [...ours]
  const unknown = add.find((name) => name !== 'ALL' && !all.includes(name))
  if (unknown !== undefined) {
    throw new ConfigError('--cap-add', `Cannot add ${unknown}: this kernel does not have it`)
  }
  if (add.includes('ALL')) return ours.filter((name) => !drop.includes(name))
  const base = drop.includes('ALL') ? [] : defaultCapabilities.filter((name) => !drop.includes(name))
  return [...new Set([...base, ...add])]
}
