/** Every command as data: what is parsed, what `--help` and completion show. dispatch.ts runs them. */

import { parseCount } from '../engine/integer.ts'
import { UsageError } from '../errors.ts'
import type { FlagTable } from './flag.ts'
import { laterRunFlags, runFlags } from './run-flags.ts'

export interface Command {
  /** Behind the command's name. */
  usage: string
  summary: string
  flags: FlagTable
  /** How many positionals; `most` absent: any number. */
  least: number
  most?: number
  /** Flags end at the first positional. */
  flagsFirst?: boolean
  laterFlags?: readonly string[]
  hidden?: boolean
}

/** Before the command: where things are kept. */
export const globalFlags = {
  'data-root': { takes: 'one', value: 'DIR', help: 'Images and containers (default /var/lib/tinyctr)' },
  debug: { takes: 'nothing', short: 'D', help: 'Print the stack of an unexpected error' },
  root: { takes: 'one', value: 'DIR', help: 'State of running containers (default /run/tinyctr)' },
  version: { takes: 'nothing', short: 'v', help: 'Print version and exit' },
} as const satisfies FlagTable

export const planFlags = {
  ...runFlags,
  json: { takes: 'nothing', help: 'Print the plan as JSON' },
  step: {
    takes: 'one',
    value: 'N',
    parse: parseCount,
    help: 'Print step N only, with all that is known of it',
  },
} as const satisfies FlagTable

export const pullFlags = {
  platform: runFlags.platform,
  quiet: { takes: 'nothing', short: 'q', help: 'Print only the name of the image' },
} as const satisfies FlagTable

export const imagesFlags = {
  digests: { takes: 'nothing', help: 'Show digests' },
  'no-trunc': { takes: 'nothing', help: 'Do not shorten ids' },
  quiet: { takes: 'nothing', short: 'q', help: 'Only show image ids' },
} as const satisfies FlagTable

export const loadFlags = {
  input: {
    takes: 'one',
    short: 'i',
    value: 'FILE',
    help: 'Read from a file or an OCI layout, not standard input',
  },
  platform: runFlags.platform,
  quiet: { takes: 'nothing', short: 'q', help: 'No progress' },
} as const satisfies FlagTable

export const rmiFlags = {
  force: { takes: 'nothing', short: 'f', help: 'No error for an image that is not there' },
} as const satisfies FlagTable

export const noFlags = {} as const satisfies FlagTable

const imageUsage = '[OPTIONS] IMAGE [COMMAND] [ARG...]'

export const commands = {
  run: {
    usage: imageUsage,
    summary: 'Create and run a new container from an image',
    flags: runFlags,
    laterFlags: laterRunFlags,
    flagsFirst: true,
    least: 1,
  },
  plan: {
    usage: imageUsage,
    summary: 'Print the system calls that would make the container',
    flags: planFlags,
    laterFlags: laterRunFlags,
    flagsFirst: true,
    least: 1,
  },
  pull: {
    usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
    summary: 'Download an image from a registry',
    flags: pullFlags,
    least: 1,
    most: 1,
  },
  images: {
    usage: '[OPTIONS] [REPOSITORY[:TAG]]',
    summary: 'List images',
    flags: imagesFlags,
    least: 0,
    most: 1,
  },
  load: {
    usage: '[OPTIONS]',
    summary: 'Load an image from a docker-archive, an OCI archive or an OCI layout',
    flags: loadFlags,
    least: 0,
    most: 0,
  },
  rmi: {
    usage: '[OPTIONS] IMAGE [IMAGE...]',
    summary: 'Remove one or more images',
    flags: rmiFlags,
    least: 1,
  },
  version: { usage: '', summary: 'Show what is running here', flags: noFlags, least: 0, most: 0 },
  completion: {
    usage: 'bash|zsh|fish',
    summary: 'Print a completion script for a shell',
    flags: noFlags,
    least: 1,
    most: 1,
  },
  'remove-mapped': {
    usage: 'PATH',
    summary: 'Remove what a rootless container wrote; its clean-up calls it',
    flags: noFlags,
    least: 1,
    most: 1,
    hidden: true,
  },
  'explain-failure': {
    usage: '[ARG...]',
    summary: 'Explain a failed step; the executor calls it',
    flags: noFlags,
    flagsFirst: true,
    least: 0,
    hidden: true,
  },
} as const satisfies Record<string, Command>

export type CommandName = keyof typeof commands

/** Docker's other commands: one clear error, and not in the help. */
export const laterCommands: readonly string[] =
  'attach build builder buildx checkpoint commit compose config container context cp create diff events exec export history image import info inspect kill login logout logs manifest network node plugin pause port ps push rename restart rm save search secret service stack start stats stop swarm system tag top trust unpause update volume wait'.split(
    ' ',
  )

/** @throws UsageError with Docker's words */
export function checkPositionals(name: CommandName, { length }: readonly string[]): void {
  const { least, most, usage }: Command = commands[name]
  if (length >= least && length <= (most ?? length)) return
  const bound =
    most === 0
      ? 'accepts no arguments'
      : least === most
        ? `requires ${least} argument${least === 1 ? '' : 's'}`
        : length < least
          ? `requires at least ${least} argument${least === 1 ? '' : 's'}`
          : `requires at most ${most} argument${most === 1 ? '' : 's'}`
  throw new UsageError(`"tinyctr ${name}" ${bound}.\nUsage:  tinyctr ${name} ${usage}`)
}
