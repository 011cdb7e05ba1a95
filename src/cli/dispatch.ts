/**
 * From a command line to an exit code. Only what `run` needs is loaded at once; the rest comes when it is called. In the
 * single executable that holds only with `bun build --splitting`: one chunk loads every node:* module that any command
 * imports, at every start (16.6 ms of CPU instead of 5.6).
 */
import type { Environment } from '../engine/env-file.ts'
import { UsageError } from '../errors.ts'
import { closest } from './closest.ts'
import { checkPositionals } from './command.ts'
import { commands, findCommand, laterCommands, visibleCommands } from './commands.ts'
import { describeFailure, exitCodeOf } from './failure.ts'
import { globalFlags } from './global-flags.ts'
import { print, printError } from './output.ts'
import { parseArguments } from './parse.ts'
import { stateFolders } from './state-folders.ts'

/** Never throws: what goes wrong is printed. @returns the exit code */
export async function dispatch(args: readonly string[], environment: Environment): Promise<number> {
  let command: string | undefined
  let debug = false
  try {
    if (process.argv0.endsWith('/tinyctr-runtime') || process.argv0 === 'tinyctr-runtime') {
      throw new UsageError(
        "the command line for container engines comes in a later version: use 'tinyctr run --bundle DIR'",
      )
    }
    if (args[0] === '--get-yargs-completions') {
      return await (await import('./completion.ts')).complete(args, await visibleCommands())
    }
    const global = parseArguments(globalFlags, args, { flagsFirst: true })
    debug = global.flags.debug ?? false
    if (global.flags.version) return (await import('./version.ts')).printVersion()
    const words = global.positionals
    if (global.help || words.length === 0) return await help([])
    if (words[0] === 'help') return await help(words.slice(1))
    const found = findCommand(words)
    if (found === undefined) return await unknownCommand(words[0]!)

    command = found.name
    const called = await commands[command]!()
    const { flags, laterFlags = [], flagsFirst = false } = called
    const parsed = parseArguments(flags, found.rest, { flagsFirst, later: laterFlags })
    if (parsed.help) return await help(words)
    if (!Object.hasOwn(parsed.flags, 'bundle')) checkPositionals(command, called, parsed.positionals)
    const folders = stateFolders(global.flags, {
      uid: process.geteuid!(),
      environment,
      folder: () => process.cwd(),
    })
    return await called.execute({
      flags: parsed.flags,
      positionals: parsed.positionals,
      folders,
      environment,
      visibleCommands,
    })
  } catch (error) {
    printError(describeFailure(error, command, debug))
    return exitCodeOf(error, command)
  }
}

async function help(words: readonly string[]): Promise<number> {
  const { commandHelp, globalHelp } = await import('./help.ts')
  if (words.length === 0) {
    print(await globalHelp())
    return 0
  }
  const found = findCommand(words)
  if (found === undefined) return await unknownCommand(words[0]!)
  print(await commandHelp(found.name, await commands[found.name]!()))
  return 0
}

/** Docker's words; its exit code too, 1. */
async function unknownCommand(name: string): Promise<number> {
  if (laterCommands.includes(name)) {
    throw new UsageError(`'${name}' is not in this version of tinyctr: it comes in a later one`)
  }
  const near = closest(name, [...(await visibleCommands()).map(([known]) => known), 'help'])
  printError(
    `tinyctr: '${name}' is not a tinyctr command.${near === undefined ? '' : `\nDid you mean '${near}'?`}\nSee 'tinyctr --help'.`,
  )
  return 1
}
