/**
 * Which network a container hangs on when its command line names none: docker's bridge, or `none` where this host cannot
 * have one. The only place that decides it, and says why.
 */
import { ConfigError } from '../../errors.ts'
import { E, errnoName } from '../../linux/abi/errno.ts'
import { call } from '../../linux/call.ts'
import { lookForFirewall } from '../../network/look.ts'
import { DEFAULT_NETWORK } from '../../network/network.ts'
import type { Launch } from '../launch.ts'
import { findUserMode } from './user-mode.ts'

export interface DefaultNetwork {
  readonly mode: string
  /** Why it is not the bridge, and what to do about it: one line for who looks on. */
  readonly warning?: string
  /** Nobody asked for it: where it turns out that it cannot be, the container does without. */
  readonly unasked?: true
}

/**
 * Looks, and changes nothing. TINYCTR_NETWORK names another network to begin with.
 * @param needed whether other flags mean nothing without one: then what fails says why
 */
export function defaultNetworkMode(needed: boolean): DefaultNetwork {
  const named = process.env.TINYCTR_NETWORK
  if (named) return { mode: named }
  if (call('geteuid', []) !== 0) return withoutRoot(needed)
  if (needed) return { mode: DEFAULT_NETWORK }
  const errno = lookForFirewall()
  if (errno === 0 || errno === E.NOENT) return { mode: DEFAULT_NETWORK, unasked: true }
  return errno === E.PERM
    ? without('CAP_NET_ADMIN is missing here', 'run with that capability')
    : without(`this kernel has no nf_tables (${errnoName(errno)})`, 'modprobe nf_tables')
}

function withoutRoot(needed: boolean): DefaultNetwork {
  const found = findUserMode()
  if ('mode' in found) return { mode: found.mode }
  return needed ? { mode: 'pasta' } : without(found.fact, found.cure)
}

const without = (fact: string, cure: string): DefaultNetwork => ({
  mode: 'none',
  warning: warningOf(`${fact}; ${cure}, or with --network none (or TINYCTR_NETWORK=none, once for all)`),
})

const warningOf = (fact: string): string => `tinyctr: warning: the container has no network: ${fact}`

/** The start of a container whose network nobody asked for. */
export function withDefaultNetwork(launch: Launch, { warning, unasked }: DefaultNetwork): Launch {
  const { takeNetwork } = launch
  if (warning !== undefined) return { ...launch, warning }
  if (!unasked || !takeNetwork) return launch
  return { ...launch, takeNetwork: () => takeOrDoWithout(takeNetwork) }
}

/** What no look tells: kernels without bridges, a /proc that is read-only. The start begins again without. */
async function takeOrDoWithout(takeNetwork: () => Promise<boolean>): Promise<boolean> {
  try {
    return await takeNetwork()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${warningOf(error.message)}\n`)
    process.env.TINYCTR_NETWORK = 'none'
    return false
  }
}
