/** A command as one value: what is parsed, what `--help` and completion show, and what is done. Each in its own file. */
import { UsageError } from '../errors.ts'
import type { FlagTable } from './flag.ts'
import type { Invocation } from './invocation.ts'

/** What a shell completes: names of things that there are. */
export type Completes = 'containers' | 'containers and images' | 'images' | 'networks' | 'volumes'

export interface Command<Table extends FlagTable = FlagTable> {
  /** Behind the command's name. */
  usage: string
  summary: string
  /** Whole command lines, for `--help` and the manual. */
  examples?: readonly string[]
  flags: Table
  /** How many positionals; `most` absent: any number. */
  least: number
  most?: number
  /** Flags end at the first positional: what follows belongs to the container. */
  flagsFirst?: boolean
  /** What the positionals name; absent: files, or nothing that there is yet. */
  completes?: Completes
  /** Real flags of Docker that a later version brings. */
  laterFlags?: readonly string[]
  hidden?: boolean
  /** It writes or removes files of ids that subuid(5) grants: without root it runs where they exist (engine/mapped.ts). */
  mapped?: boolean
  /** @returns the exit code */
  execute(invocation: Invocation<Table>): Promise<number>
}

/** Types `execute` by the table of flags. */
export const defineCommand = <const Table extends FlagTable>(command: Command<Table>): Command<Table> =>
  command

/** @throws UsageError with Docker's words */
export function checkPositionals(
  name: string,
  { least, most, usage }: Command,
  { length }: readonly string[],
): void {
  if (length >= least && length <= (most ?? length)) return
  const bound =
    most === 0
      ? 'accepts no arguments'
      : least === most
        ? `requires ${least} argument${least === 1 ? '' : 's'}`
        : length < least
          ? `requires at least ${least} argument${least === 1 ? '' : 's'}`
          : `requires at most ${most} argument${most === 1 ? '' : 's'}`
  // Docker's 125 is for flags.
  const error = new UsageError(`"tinyctr ${name}" ${bound}.\nUsage:  tinyctr ${name} ${usage}`)
  throw Object.assign(error, { exitCode: 1 })
}
