/** runc's command line, for container engines: from arguments to an exit code. Prints nothing on success. */
import { cleanPath } from '../../engine/config/container-path.ts'
import type { Environment } from '../../engine/config/env-file.ts'
import { UsageError } from '../../errors.ts'
import { readTextIfAny } from '../../linux/file.ts'
import { forEngines, report } from '../../runtime/error-log.ts'
import { describeFailure } from '../failure.ts'
import type { FlagTable } from '../flag.ts'
import { type Parsed, parseArguments } from '../parse.ts'
import { print, printError } from '../screen/output.ts'
import type { RuntimeCommand, RuntimeGlobals } from './command.ts'
import { runtimeCommands, runtimeGlobalFlags } from './commands.ts'

const UNKNOWN_COMMAND = 3

/** Never throws: what goes wrong is printed and logged. @returns the exit code */
export async function dispatchRuntime(args: readonly string[], environment: Environment): Promise<number> {
  let to: RuntimeGlobals['report'] = {}
  let command: RuntimeCommand | undefined
  let name: string | undefined
  let debug = false
  try {
    const { flags, positionals, help } = parse(runtimeGlobalFlags, args, true)
    to = {
      ...(flags.log ? { log: flags.log } : {}),
      ...(flags['log-format'] ? { format: flags['log-format'] } : {}),
      ...(flags.debug ? { debug: true } : {}),
    }
    debug = flags.debug ?? false
    if (flags.version) return (await import('./version.ts')).printRuntimeVersion()
    name = positionals[0]
    if (help || name === undefined || name === 'help' || name === 'h')
      return await (await import('./help.ts')).printRuntimeHelp(positionals[1])
    const load = Object.hasOwn(runtimeCommands, name) ? runtimeCommands[name] : undefined
    if (!load) {
      print(`No help topic for '${name}'`)
      return UNKNOWN_COMMAND
    }
    command = await load()
    const parsed = parse(command.flags, positionals.slice(1), command.flagsFirst)
    if (parsed.help) return await (await import('./help.ts')).printRuntimeHelp(name)
    checkPositionals(name, command, parsed.positionals)
    return await command.execute({
      flags: parsed.flags,
      positionals: parsed.positionals,
      global: {
        ...foldersOf(flags.root, environment),
        report: to,
        cgroupManager: flags['cgroup-manager'] ?? (flags['systemd-cgroup'] ? 'systemd' : 'cgroupfs'),
        environment,
      },
    })
  } catch (error) {
    const text = describeFailure(error, undefined, debug).replace(/\nSee 'tinyctr --help'\.$/, '')
    printError(forEngines(text, to))
    report(to, text)
    return command?.failure ?? 1
  }
}

/** Go's flags: `-name` is `--name`. */
function parse<const Table extends FlagTable>(
  table: Table,
  args: readonly string[],
  flagsFirst = false,
): Parsed<Table> {
  const end = args.indexOf('--')
  const spelled = args.map((argument, i) => {
    const name = /^-(\w[\w-]+)(=|$)/.exec(argument)?.[1]
    return name !== undefined && (end < 0 || i < end) && Object.hasOwn(table, name)
      ? `-${argument}`
      : argument
  })
  return parseArguments(table, spelled, { flagsFirst })
}

/** runc's words. */
function checkPositionals(
  name: string,
  { least, most }: RuntimeCommand,
  { length }: readonly string[],
): void {
  if (length >= least && length <= (most ?? length)) return
  const bound =
    least === most ? `exactly ${least}` : length < least ? `a minimum of ${least}` : `a maximum of ${most}`
  throw new UsageError(`"${name}" requires ${bound} argument(s)`)
}

/** As runc's: below XDG_RUNTIME_DIR for everybody but the host's own root. */
function foldersOf(root: string | undefined, environment: Environment): { root: string; cache: string } {
  const personal = environment.XDG_RUNTIME_DIR
  const base = personal && (process.geteuid?.() !== 0 || !isInitialUserNamespace()) ? personal : '/run'
  const absolute = root?.startsWith('/') ? root : `${process.cwd()}/${root}`
  return { root: root ? cleanPath(absolute) : `${base}/tinyctr-runtime`, cache: `${base}/tinyctr` }
}

const isInitialUserNamespace = (): boolean =>
  /^\s*0\s+0\s+4294967295\s*$/.test(readTextIfAny('/proc/self/uid_map') ?? '0 0 4294967295')
