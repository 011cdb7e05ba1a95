/** An error as text and as an exit code. */
import { ConfigError, RegistryError, StateError, UsageError } from '../errors.ts'

/** 125: the container never ran, in Docker's numbers; 126 and 127 (cannot execute, not found) come with the error. */
export function exitCodeOf(error: unknown, command: string | undefined): number {
  const { exitCode } = Object(error) as { exitCode?: unknown }
  if (typeof exitCode === 'number') return exitCode
  return error instanceof UsageError || command === 'run' ? 125 : 1
}

/** Errors somebody meant to throw: the house's classes, the system's own, and sentences in their grammar. */
function isExpected(error: Error): boolean {
  if ([UsageError, ConfigError, RegistryError, StateError].some((expected) => error instanceof expected))
    return true
  // By name: loading KernelError would load the foreign interface.
  if (error.name === 'KernelError' || error.name === 'AbortError') return true
  const isSystem = typeof (error as NodeJS.ErrnoException).syscall === 'string'
  return isSystem || (error.name === 'Error' && error.message.startsWith('Cannot '))
}

/** Where the input is wrong: a flag, or a place in a JSON document. */
const place = (error: Error): string =>
  error instanceof ConfigError && error.at !== ''
    ? ` (${error.at.startsWith('/') ? 'at ' : ''}${error.at})`
    : ''

function causes(error: Error): string[] {
  const lines: string[] = []
  const direct = error instanceof AggregateError ? (error.errors as unknown[]) : [error.cause]
  for (const cause of direct) {
    if (!(cause instanceof Error)) continue
    // A cause whose words are already in the message above tells nothing new.
    if (!error.message.includes(cause.message)) lines.push(`  because ${cause.message}${place(cause)}`)
    lines.push(...causes(cause))
  }
  return lines
}

/** @param seen what stands after `See`: the command's help */
export function describeFailure(error: unknown, command: string | undefined, debug: boolean): string {
  const failure = error instanceof Error ? error : new Error(String(error))
  const lines = [`tinyctr: ${failure.message}${place(failure)}`]
  if (failure instanceof UsageError) {
    lines.push(`See 'tinyctr ${command === undefined ? '' : `${command} `}--help'.`)
  } else if (isExpected(failure)) {
    lines.push(...causes(failure))
  } else {
    lines[0] = `tinyctr: unexpected ${failure.name}: ${failure.message}`
    lines.push(...causes(failure), 'This is a fault in tinyctr.')
    if (!debug) lines.push('Run it again as `tinyctr --debug ...` to see where, and please report it.')
  }
  if (debug && failure.stack !== undefined) lines.push(failure.stack)
  return lines.join('\n')
}
