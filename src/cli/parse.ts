/**
 * Command lines as Docker reads them (spf13/pflag), by a table of flags. Pure, and the first thing every start does.
 *
 *     --name x  --name=x  -n x  -nx  -n=x  -it  --rm=false  --
 */
import { parseBoolean } from '../engine/config/integer.ts'
import { UsageError } from '../errors.ts'
import { closest } from './closest.ts'
import type { Flag, FlagTable, FlagValues, ValueFlag } from './flag.ts'

export interface Parsed<Table extends FlagTable> {
  flags: FlagValues<Table>
  positionals: string[]
  /** `--help` was among them. */
  help: boolean
}

export interface ParseOptions {
  /** Flags end at the first positional: what follows belongs to the container. */
  flagsFirst?: boolean
  /** Real flags of Docker that a later version brings: an error of their own. */
  later?: readonly string[]
}

/** @throws UsageError with pflag's words */
export function parseArguments<const Table extends FlagTable>(
  table: Table,
  args: readonly string[],
  { flagsFirst = false, later = [] }: ParseOptions = {},
): Parsed<Table> {
  const values: Record<string, unknown> = {}
  const positionals: string[] = []
  let at = 0

  const set = (name: string, flag: Flag, text: string): void => {
    const value = readValue(name, flag, text)
    if (flag.takes === 'many') values[name] = [...((values[name] as unknown[]) ?? []), value]
    else values[name] = value
  }
  const next = (fact: string): string => {
    const text = args[at++]
    if (text === undefined) throw new UsageError(`flag needs an argument: ${fact}`)
    return text
  }

  const long = (argument: string): void => {
    const equals = argument.indexOf('=')
    const typed = argument.slice(2, equals < 0 ? undefined : equals)
    if (typed === '' || typed.startsWith('-')) throw new UsageError(`bad flag syntax: ${argument}`)
    const [name, flag] = flagNamed(table, typed) ?? unknownFlag(table, typed, later)
    if (equals >= 0) set(name, flag, argument.slice(equals + 1))
    else set(name, flag, flag.takes === 'nothing' ? 'true' : next(`--${typed}`))
  }

  const short = (argument: string): void => {
    for (let rest = argument.slice(1); rest !== ''; rest = rest.slice(1)) {
      const letter = rest[0]!
      const [name, flag] = flagLettered(table, letter) ?? unknownLetter(letter, argument, later)
      const follows = rest.slice(1)
      const given = follows.startsWith('=') && follows.length > 1
      if (flag.takes === 'nothing' && !given) {
        set(name, flag, 'true')
        continue
      }
      set(name, flag, given ? follows.slice(1) : follows || next(`'${letter}' in ${argument}`))
      return
    }
  }

  while (at < args.length) {
    const argument = args[at++]!
    if (argument === '--') {
      positionals.push(...args.slice(at))
      break
    }
    if (argument === '-' || !argument.startsWith('-')) {
      positionals.push(argument)
      if (!flagsFirst) continue
      positionals.push(...args.slice(at))
      break
    }
    if (argument.startsWith('--')) long(argument)
    else short(argument)
  }
  const { help, ...flags } = values
  return { flags: flags as FlagValues<Table>, positionals, help: help === true }
}

function flagNamed(table: FlagTable, typed: string): [name: string, flag: Flag] | undefined {
  if (typed === 'help') return ['help', helpFlag]
  const row = Object.hasOwn(table, typed) ? table[typed] : undefined
  if (row === undefined) return undefined
  return row.takes === 'as' ? flagNamed(table, row.of) : [typed, row]
}

/** Every command has it. `-h` too, unless the letter is taken (`run -h NAME`). */
const helpFlag: Flag = { takes: 'nothing', help: 'Print usage' }

function flagLettered(table: FlagTable, letter: string): [name: string, flag: Flag] | undefined {
  for (const name in table) {
    const row = table[name]!
    if (row.takes !== 'as' && row.short === letter) return [name, row]
  }
  return letter === 'h' ? ['help', helpFlag] : undefined
}

const laterFact = (flag: string): UsageError =>
  new UsageError(`${flag} is not in this version of tinyctr: it comes in a later one`)

function unknownFlag(table: FlagTable, typed: string, later: readonly string[]): never {
  if (later.includes(typed)) throw laterFact(`--${typed}`)
  const near = closest(typed, Object.keys(table))
  throw new UsageError(`unknown flag: --${typed}${near === undefined ? '' : `\nDid you mean --${near}?`}`)
}

function unknownLetter(letter: string, argument: string, later: readonly string[]): never {
  if (later.includes(letter)) throw laterFact(`-${letter}`)
  throw new UsageError(`unknown shorthand flag: '${letter}' in ${argument}`)
}

function readValue(name: string, flag: Flag, text: string): unknown {
  if (flag.takes === 'nothing' && text === 'true') return true
  try {
    return flag.takes === 'nothing' ? parseBoolean(text) : readText(flag, text)
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause
    const spelled = flag.short === undefined ? `--${name}` : `-${flag.short}, --${name}`
    throw new UsageError(`invalid argument "${text}" for "${spelled}" flag: ${cause.message}`, { cause })
  }
}

function readText(flag: ValueFlag, text: string): unknown {
  if (flag.choices !== undefined && !flag.choices.includes(text)) {
    const known = flag.choices.map((choice) => `"${choice}"`).join(', ')
    throw new UsageError(`must be one of ${known}`)
  }
  return flag.parse === undefined ? text : flag.parse(text)
}
