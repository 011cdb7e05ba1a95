/**
 * From a command line to an exit code. Only what `run` needs is loaded at once; the rest comes when it is called. In the
 * single executable that holds only with `bun build --splitting`: one chunk loads every node:* module that any command
 * imports, at every start (16.6 ms of CPU instead of 5.6).
 */
import type { Environment } from '../engine/config/env-file.ts'
import { UsageError } from '../errors.ts'
import { ownCommand } from '../runtime/own-command.ts'
import { isEngineDoor } from '../runtime/prepared-start.ts'
import { closest } from './closest.ts'
import { checkPositionals } from './command.ts'
import { commands, findCommand, laterCommands, visibleCommands } from './commands.ts'
import { describeFailure, exitCodeOf } from './failure.ts'
import { globalFlags } from './global-flags.ts'
import { groups, groupVerbs } from './groups.ts'
import { parseArguments } from './parse.ts'
import { print, printError } from './screen/output.ts'
import { stateFolders } from './state-folders.ts'

/** Never throws: what goes wrong is printed. @returns the exit code */
export async function dispatch(args: readonly string[], environment: Environment): Promise<number> {
  let command: string | undefined
  let debug = false
  try {
    if (isEngineDoor()) {
      return await (await import('./runtime/dispatch.ts')).dispatchRuntime(args, environment)
    }
    if (args[0] === '__complete')
      return await (await import('./system/complete.ts')).complete(args.slice(1), environment)
    const global = parseArguments(globalFlags, args, { flagsFirst: true })
    debug = global.flags.debug ?? false
    if (global.flags.version) return (await import('./system/version.ts')).printVersion()
    const words = global.positionals
    if (global.help || words.length === 0) return await help([])
    if (words[0] === 'help') return await help(words.slice(1))
    const found = findCommand(words)
    if (found === undefined) return await unknownCommand(words)

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
    if (called.mapped === true && process.geteuid!() !== 0) {
      const { becomeMapped } = await import('../engine/mapped.ts')
      const { root, dataRoot } = folders
      const own = ownCommand('--root')
      await becomeMapped([...own, root, '--data-root', dataRoot, ...words], environment)
    }
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
  if (found === undefined) return await unknownCommand(words)
  print(await commandHelp(found.name, await commands[found.name]!()))
  return 0
}

/** Docker's words; its exit code too, 1. A group alone prints its commands. */
async function unknownCommand([name = '', verb]: readonly string[]): Promise<number> {
  const isGroup = Object.hasOwn(groups, name)
  if (isGroup && (verb === undefined || verb === '--help' || verb === '-h')) {
    print(await (await import('./help.ts')).groupHelp(name))
    return 0
  }
  const typed = isGroup ? `${name} ${verb}` : name
  const words = isGroup ? [name, verb!] : [name]
  if (words.length === 1 && laterCommands.includes(typed)) {
    throw new UsageError(`'${typed}' is not in this version of tinyctr: it comes in a later one`)
  }
  const known = [...(await visibleCommands()).map(([command]) => command), ...Object.keys(groups), 'help']
  const near = closest(typed, isGroup ? [...known, ...spellings(name)] : known)
  const seen = isGroup ? `${name} --help` : '--help'
  printError(
    `tinyctr: '${typed}' is not a tinyctr command.${near === undefined ? '' : `\nDid you mean '${near}'?`}\nSee 'tinyctr ${seen}'.`,
  )
  return 1
}

const spellings = (group: string): string[] =>
  Object.keys(groupVerbs(group)).map((verb) => `${group} ${verb}`)
