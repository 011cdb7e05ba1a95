/** The flags that say how a container is kept once it runs, and how its caller stays with it. */
import type { Attachment, DETACHED } from '../../engine/container/attachment.ts'
import { healthOptions } from '../../engine/container/health-options.ts'
import { DEFAULT_LOG, logOptions } from '../../engine/container/log-options.ts'
import { NO_RESTART } from '../../engine/container/restart-policy.ts'
import type { RunOptions } from '../../engine/run-options.ts'
import type { RunFlagValues } from './run-flags.ts'

/** @throws UsageError */
export function lifeOptions(flags: RunFlagValues): Pick<RunOptions, 'restart' | 'log' | 'health'> {
  const logs = flags['log-driver'] !== undefined || flags['log-opt'] !== undefined
  return {
    restart: flags.restart ?? NO_RESTART,
    log: logs ? logOptions(flags['log-driver'], flags['log-opt'] ?? []) : DEFAULT_LOG,
    health: healthOptions({
      command: flags['health-cmd'],
      none: flags['no-healthcheck'] ?? false,
      interval: flags['health-interval'],
      timeout: flags['health-timeout'],
      startPeriod: flags['health-start-period'],
      startInterval: flags['health-start-interval'],
      retries: flags['health-retries'],
    }),
  }
}

/** Without -a: all that there is. */
export function attachmentOf(flags: RunFlagValues): Attachment | typeof DETACHED {
  if (flags.detach) return 'detached'
  const streams = flags.attach ?? ['stdout', 'stderr', ...(flags.interactive ? ['stdin'] : [])]
  return {
    stdin: streams.includes('stdin'),
    stdout: streams.includes('stdout'),
    stderr: streams.includes('stderr'),
    detachKeys: flags['detach-keys'],
    signalProxy: flags['sig-proxy'] ?? true,
  }
}

/**
 * Whether the container may have the caller's own streams: then nothing of it is kept, and nobody else can look on. It
 * is the fastest start; docker's behaviour otherwise.
 */
export const isDirect = (flags: RunFlagValues): boolean =>
  flags.rm === true &&
  !flags.detach &&
  !flags.tty &&
  flags.attach === undefined &&
  flags['sig-proxy'] !== false &&
  flags['log-driver'] === undefined &&
  flags['log-opt'] === undefined
