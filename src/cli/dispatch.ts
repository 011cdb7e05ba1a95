/**
 * From a command line to an exit code. Only what `run` needs is loaded at once; the rest comes when it is called. In the
 * single executable that holds only with `bun build --splitting`: one chunk loads every node:* module that any command
 * imports, at every start (16.6 ms of CPU instead of 5.6).
 */
import type { Environment } from '../engine/env-file.ts'
import { UsageError } from '../errors.ts'
import { closest } from './closest.ts'
import {
  type Command,
  type CommandName,
  checkPositionals,
  commands,
  globalFlags,
  laterCommands,
} from './commands.ts'
import { describeFailure, exitCodeOf } from './failure.ts'
import type { CommandFunction } from './invocation.ts'
import { print, printError } from './output.ts'
import { parseArguments } from './parse.ts'
import { run } from './run.ts'
import { stateFolders } from './state-folders.ts'

const functions: {
  [Name in CommandName]: () => Promise<CommandFunction<(typeof commands)[Name]['flags']>>
} = {
  run: async () => run,
  plan: async () => (await import('./plan.ts')).plan,
  pull: async () => (await import('./pull.ts')).pull,
  images: async () => (await import('./images.ts')).images,
  load: async () => (await import('./load.ts')).load,
  rmi: async () => (await import('./rmi.ts')).rmi,
  version: async () => (await import('./version.ts')).version,
  completion: async () => (await import('./completion.ts')).completion,
  'remove-mapped': async () => (await import('./remove-mapped.ts')).removeMapped,
  'explain-failure': async () => (await import('./explain-failure.ts')).explainFailure,
}

const isCommand = (name: string): name is CommandName => Object.hasOwn(commands, name)

/** Never throws: what goes wrong is printed. @returns the exit code */
export async function dispatch(args: readonly string[], environment: Environment): Promise<number> {
  let command: CommandName | undefined
  let debug = false
  try {
    if (process.argv0.endsWith('/tinyctr-runtime') || process.argv0 === 'tinyctr-runtime') {
      throw new UsageError(
        "the command line for container engines comes in a later version: use 'tinyctr run --bundle DIR'",
      )
    }
    if (args[0] === '--get-yargs-completions') {
      return await (await import('./completion.ts')).complete(args)
    }
    const global = parseArguments(globalFlags, args, { flagsFirst: true })
    debug = global.flags.debug ?? false
    if (global.flags.version) return (await import('./version.ts')).printVersion()
    const [name, ...rest] = global.positionals
    if (global.help || name === undefined) return await help(undefined)
    if (name === 'help') return await help(rest[0])
    if (!isCommand(name)) return unknownCommand(name)

    command = name
    const { flags, laterFlags = [], flagsFirst = false }: Command = commands[name]
    const parsed = parseArguments(flags, rest, { flagsFirst, later: laterFlags })
    if (parsed.help) return await help(name)
    if (!Object.hasOwn(parsed.flags, 'bundle')) checkPositionals(name, parsed.positionals)
    const folders = stateFolders(global.flags, {
      uid: process.geteuid!(),
      environment,
      folder: () => process.cwd(),
    })
    const execute = (await functions[name]()) as CommandFunction<never>
    return await execute({
      flags: parsed.flags as never,
      positionals: parsed.positionals,
      folders,
      environment,
    })
  } catch (error) {
    printError(describeFailure(error, command, debug))
    return exitCodeOf(error, command)
  }
}

async function help(name: string | undefined): Promise<number> {
  if (name !== undefined && !isCommand(name)) return unknownCommand(name)
  const { commandHelp, globalHelp } = await import('./help.ts')
  print(await (name === undefined ? globalHelp() : commandHelp(name)))
  return 0
}

/** Docker's words; its exit code too, 1. */
function unknownCommand(name: string): number {
  if (laterCommands.includes(name)) {
    throw new UsageError(`'${name}' is not in this version of tinyctr: it comes in a later one`)
  }
  const visible = Object.keys(commands).filter((known) => !(commands[known as CommandName] as Command).hidden)
  const near = closest(name, [...visible, 'help'])
  printError(
    `tinyctr: '${name}' is not a tinyctr command.${near === undefined ? '' : `\nDid you mean '${near}'?`}\nSee 'tinyctr --help'.`,
  )
  return 1
}
