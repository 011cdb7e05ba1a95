/** A container with a terminal wants one of its caller too. */
import { requireTerminal } from '../../engine/launch.ts'
import type { RunOptions } from '../../engine/run-options.ts'

/** @throws UsageError with docker's words */
export function requireTerminalFor({ terminal, interactive }: RunOptions): void {
  if (terminal && interactive) requireTerminal()
}
