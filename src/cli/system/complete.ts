/** `tinyctr __complete WORD...`, which the shells' scripts ask: what may stand for the last word. */
import type { Environment } from '../../engine/config/env-file.ts'
import type { Command, Completes } from '../command.ts'
import { commands, findCommand, visibleCommands } from '../commands.ts'
import { type Flag, type FlagTable, flagRows } from '../flag.ts'
import { globalFlags } from '../global-flags.ts'
import { groups, groupVerbs } from '../groups.ts'
import { print } from '../screen/output.ts'
import { type StateFolders, stateFolders } from '../state-folders.ts'

interface Answer {
  readonly word: string
  readonly description: string
}

export async function complete(words: readonly string[], environment: Environment): Promise<number> {
  const typed = words.at(-1) ?? ''
  const answers = await answersTo(words.slice(0, -1), typed, environment)
  const fitting = answers.filter(({ word }) => word.startsWith(typed))
  if (answers === files) print(':files')
  else if (fitting.length > 0)
    print(fitting.map(({ word, description }) => `${word}\t${description}`).join('\n'))
  return 0
}

/** The shell knows files best. */
const files: Answer[] = []

async function answersTo(
  before: readonly string[],
  typed: string,
  environment: Environment,
): Promise<Answer[]> {
  const global = readWords(globalFlags, before, true)
  if (global.expects !== undefined) return files
  const folders = stateFolders(global.values, {
    uid: process.geteuid!(),
    environment,
    folder: () => process.cwd(),
  })
  const { positionals } = global
  const found = findCommand(positionals)
  if (found === undefined)
    return typed.startsWith('-') ? flagAnswers(globalFlags) : commandAnswers(positionals)
  const command = await commands[found.name]!()
  const { flags, flagsFirst = false } = command
  const given = readWords(flags, found.rest, flagsFirst)
  if (given.expects !== undefined) return valueAnswers(given.expects, '', folders)
  const equals = /^--([\w-]+)=/.exec(typed)
  const row = equals === null ? undefined : flags[equals[1]!]
  if (row !== undefined && row.takes !== 'as') return valueAnswers(row, equals![0], folders)
  const behindCommand = flagsFirst && given.positionals.length > 0
  if (typed.startsWith('-') && !behindCommand) return flagAnswers(flags)
  return positionalAnswers(command, given.positionals, folders)
}

async function commandAnswers(words: readonly string[]): Promise<Answer[]> {
  const [group] = words
  const visible = await visibleCommands()
  if (group === undefined) {
    const single = visible.filter(([name]) => !name.includes(' '))
    return [
      ...single.map(([word, { summary }]) => ({ word, description: summary })),
      ...Object.entries(groups).map(([word, { summary }]) => ({ word, description: summary })),
    ]
  }
  if (words.length > 1 || !Object.hasOwn(groups, group)) return []
  const summaries = new Map(visible.map(([name, { summary }]) => [name, summary]))
  const own = visible
    .filter(([name]) => name.startsWith(`${group} `))
    .map(([name]) => name.slice(group.length + 1))
  const shared = groupVerbs(group)
  return [...new Set([...own, ...Object.keys(shared)])].flatMap((word) => {
    const description = summaries.get(`${group} ${word}`) ?? summaries.get(shared[word] ?? '')
    return description === undefined ? [] : [{ word, description }]
  })
}

const flagAnswers = (table: FlagTable): Answer[] => [
  ...flagRows(table)
    .filter(([, { hidden = false }]) => !hidden)
    .map(([name, { help }]) => ({ word: `--${name}`, description: help })),
  { word: '--help', description: 'Print usage' },
]

async function valueAnswers(flag: Flag, prefix: string, folders: StateFolders): Promise<Answer[]> {
  if (flag.takes === 'nothing')
    return ['true', 'false'].map((word) => ({ word: prefix + word, description: '' }))
  if (flag.choices) return flag.choices.map((choice) => ({ word: prefix + choice, description: flag.help }))
  if (flag.completes === undefined) return files
  const named = await names(flag.completes, folders)
  return named.map(({ word, description }) => ({ word: prefix + word, description }))
}

async function positionalAnswers(
  { completes, most, flagsFirst }: Command,
  given: readonly string[],
  folders: StateFolders,
): Promise<Answer[]> {
  const isCommand = flagsFirst === true && given.length > 0
  if (completes === undefined || isCommand) return most === 0 ? [] : files
  if (most !== undefined && given.length >= most) return []
  const answers = await names(completes, folders)
  return answers.filter(({ word }) => !given.includes(word))
}

async function names(what: Completes, folders: StateFolders): Promise<Answer[]> {
  return (await import('./complete-names.ts')).namesOf(what, folders)
}

/** The words that are no flags, and the flag whose value comes next, if one does. */
function readWords(table: FlagTable, words: readonly string[], flagsFirst: boolean) {
  const positionals: string[] = []
  const values: Record<string, string> = {}
  let expects: Flag | undefined
  let expectsName = ''
  for (const [i, word] of words.entries()) {
    if (expects !== undefined) {
      values[expectsName] = word
      expects = undefined
    } else if (word === '--' || !word.startsWith('-') || word === '-') {
      positionals.push(word)
      if (flagsFirst)
        return { positionals: [...positionals, ...words.slice(i + 1)], values, expects: undefined }
    } else if (!word.includes('=')) {
      const row = rowOf(table, word)
      if (row === undefined || row[1].takes === 'nothing') continue
      expectsName = row[0]
      expects = row[1]
    }
  }
  return { positionals, values, expects }
}

function rowOf(table: FlagTable, word: string): [name: string, flag: Flag] | undefined {
  const rows = flagRows(table)
  if (word.startsWith('--')) return rows.find(([name]) => name === word.slice(2))
  const letter = word.at(-1)
  return rows.find(([, { short }]) => short === letter)
}
