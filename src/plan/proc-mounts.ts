/**
 * Security labels and kernel parameters are written through /proc, so what stands there must be the kernel's
 * (CVE-2019-16884, CVE-2019-19921, CVE-2023-27561, CVE-2023-28642).
 */
import { ConfigError } from '../errors.ts'
import type { Mount } from '../oci/runtime-spec.ts'
import { isBind } from './mount-options.ts'
import { normalize } from './tree.ts'

/** Files of proc(5) that are only read: what lxcfs and others bind over them misleads no runtime (as runc has it). */
const ONLY_READ = new Set(
  'cpuinfo diskstats loadavg meminfo net/dev slabinfo stat swaps sys/crypto/fips_enabled sys/kernel/ns_last_pid uptime'
    .split(' ')
    .map((name) => `/proc/${name}`),
)

const isInProc = (path: string): boolean => path === '/proc' || path.startsWith('/proc/')

/** @throws ConfigError for a mount that would stand where the kernel's own files must */
export function refuseOverProc(mount: Mount, path: string, at: string): void {
  if (!isInProc(path) || ONLY_READ.has(path)) return
  const isProc = isBind(mount) ? normalize(mount.source ?? '') === '/proc' : mount.type === 'proc'
  if (path === '/proc' && isProc) return
  throw new ConfigError(
    `${at}/destination`,
    `expected nothing but proc itself at /proc but found a mount at ${path}`,
  )
}
