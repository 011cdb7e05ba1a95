/** Which starts are worth keeping (runtime/prepared-start.ts). */
import { beginPreparation } from '../../runtime/prepared-start.ts'
import type { RuntimeGlobals } from './command.ts'

const ENGINES_OWN = ['pid-file', 'console-socket', 'pidfd-socket', 'preserve-fds', 'process'] as const

/** An engine names files of its own, others each time: such a command line does not come twice. */
export function beginIfRepeatable(
  flags: { readonly [name in (typeof ENGINES_OWN)[number]]?: unknown },
  { report }: RuntimeGlobals,
): void {
  if (report.log === undefined && ENGINES_OWN.every((name) => !flags[name])) beginPreparation()
}
