/**
 * A command's flags as one table: what the parser reads, what `--help` and completion show, and the type of what comes
 * out. A row's key is the flag's long name.
 */

interface Described {
  help: string
  /** One letter: `-v`. */
  short?: string
  /** Left out of help and completion. */
  hidden?: boolean
}

export interface BooleanFlag extends Described {
  takes: 'nothing'
}

export interface ValueFlag extends Described {
  /** `many`: may be given again, each adds to a list. `one`: the last counts. */
  takes: 'one' | 'many'
  /** What stands for the value in help: `SIZE`. */
  value: string
  /** What the value may be, where they can be named: for completion, and checked. */
  choices?: readonly string[]
  /** What the value names, for completion: `Completes` of command.ts. */
  completes?: 'containers' | 'images' | 'networks' | 'volumes'
  /** @throws UsageError with the fact only; the parser adds flag and value */
  parse?: (text: string) => unknown
}

/** Another spelling; its row is the target's. */
export interface FlagAlias {
  takes: 'as'
  of: string
}

export type Flag = BooleanFlag | ValueFlag
export type FlagTable = Readonly<Record<string, Flag | FlagAlias>>

type ValueOf<F> = F extends { parse: (text: string) => infer Value }
  ? Value
  : F extends { choices: readonly (infer Choice)[] }
    ? Choice
    : string

/** Flags by name; absent when not given. */
export type FlagValues<Table extends FlagTable> = {
  [Name in keyof Table as Table[Name] extends FlagAlias ? never : Name]?: Table[Name] extends BooleanFlag
    ? boolean
    : Table[Name] extends { takes: 'many' }
      ? ValueOf<Table[Name]>[]
      : ValueOf<Table[Name]>
}

/** The rows that are flags of their own, with their names. */
export const flagRows = (table: FlagTable): [name: string, flag: Flag][] =>
  Object.entries(table).filter((row): row is [string, Flag] => row[1].takes !== 'as')
