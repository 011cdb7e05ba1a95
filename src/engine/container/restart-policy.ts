/** When a container that has ended is made anew: docker's four policies. The monitor reads them from a file. */
import { UsageError } from '../../errors.ts'

export interface RestartPolicy {
  readonly name: 'no' | 'always' | 'unless-stopped' | 'on-failure'
  /** Of on-failure; 0: as often as it takes. */
  readonly maximumRetryCount: number
}

export const NO_RESTART: RestartPolicy = { name: 'no', maximumRetryCount: 0 }

/** `no`, `always`, `unless-stopped`, `on-failure[:N]`. @throws UsageError with docker's words */
export function parseRestartPolicy(text: string): RestartPolicy {
  if (text === '') return NO_RESTART
  const [name = '', count, ...more] = text.split(':')
  if (name === '') throw new UsageError('invalid restart policy format: no policy provided before colon')
  if (more.length > 0 || (count !== undefined && !/^[+-]?\d+$/.test(count)))
    throw new UsageError('invalid restart policy format: maximum retry count must be an integer')
  const maximumRetryCount = Number(count ?? 0)
  if (name !== 'no' && name !== 'always' && name !== 'unless-stopped' && name !== 'on-failure')
    throw new UsageError(
      `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    )
  if (name !== 'on-failure' && maximumRetryCount !== 0)
    throw new UsageError(`invalid restart policy: maximum retry count can only be used with 'on-failure'`)
  if (maximumRetryCount < 0)
    throw new UsageError('invalid restart policy: maximum retry count cannot be negative')
  return { name, maximumRetryCount }
}

/** As native/record.c reads it. */
export const printRestartPolicy = ({ name, maximumRetryCount }: RestartPolicy): string =>
  name === 'on-failure' ? `on-failure ${maximumRetryCount}\n` : `${name}\n`
