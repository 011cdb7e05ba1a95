/** Flags before the command: where things are kept. */
import type { FlagTable } from './flag.ts'

export const globalFlags = {
  'data-root': { takes: 'one', value: 'DIR', help: 'Images and containers (default /var/lib/tinyctr)' },
  debug: { takes: 'nothing', short: 'D', help: 'Print the stack of an unexpected error' },
  root: { takes: 'one', value: 'DIR', help: 'State of running containers (default /run/tinyctr)' },
  version: { takes: 'nothing', short: 'v', help: 'Print version and exit' },
} as const satisfies FlagTable
