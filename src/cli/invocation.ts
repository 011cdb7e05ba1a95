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
