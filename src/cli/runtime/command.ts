/** A command of runc's command line, as one value. */
import type { Environment } from '../../engine/config/env-file.ts'
import type { CgroupManager } from '../../runtime/bundle.ts'
import type { FlagTable, FlagValues } from '../flag.ts'

export interface RuntimeInvocation<Table extends FlagTable> {
  readonly flags: FlagValues<Table>
  readonly positionals: readonly string[]
  readonly global: RuntimeGlobals
}

export interface RuntimeGlobals {
  /** Where containers have their folders. */
  readonly root: string
  /** Where compiled seccomp filters are kept, whatever the root. */
  readonly cache: string
  readonly report: { readonly log?: string; readonly format?: string }
  readonly cgroupManager: CgroupManager
  readonly environment: Environment
}

export interface RuntimeCommand<Table extends FlagTable = FlagTable> {
  /** Behind the command's name. */
  usage: string
  summary: string
  flags: Table
  /** How many positionals; `most` absent: any number. */
  least: number
  most?: number
  /** Flags end at the first positional. */
  flagsFirst?: boolean
  /** The exit code when it fails, where it is not 1. */
  failure?: number
  /** @returns the exit code */
  execute(invocation: RuntimeInvocation<Table>): Promise<number>
}

/** Types `execute` by the table of flags. */
export const runtimeCommand = <const Table extends FlagTable>(
  command: RuntimeCommand<Table>,
): RuntimeCommand<Table> => command
