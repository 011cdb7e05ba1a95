/** What dispatch.ts hands to a command. */
import type { Environment } from '../engine/env-file.ts'
import type { FlagTable, FlagValues } from './flag.ts'
import type { StateFolders } from './state-folders.ts'

export interface Invocation<Table extends FlagTable> {
  flags: FlagValues<Table>
  positionals: string[]
  folders: StateFolders
  environment: Environment
}

/** @returns the exit code */
export type CommandFunction<Table extends FlagTable> = (invocation: Invocation<Table>) => Promise<number>
