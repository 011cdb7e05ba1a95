/** What dispatch.ts hands to a command. */
import type { Environment } from '../engine/config/env-file.ts'
import type { Command } from './command.ts'
import type { FlagTable, FlagValues } from './flag.ts'
import type { StateFolders } from './state-folders.ts'

export interface Invocation<Table extends FlagTable> {
  flags: FlagValues<Table>
  positionals: string[]
  folders: StateFolders
  environment: Environment
  /** For a command about commands: completion, the manual. */
  visibleCommands: () => Promise<[name: string, command: Command][]>
}
