/** A command's manual page (man(7)) from its table: pure, so that no page says what the parser does not know. */
import type { Command } from '../command.ts'
import { type FlagTable, flagRows } from '../flag.ts'

/** roff reads a leading dot or quote as a request, and `-` as a hyphen. */
const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^(?=[.'])/gm, '\\&')

const heading = (name: string, version: string): string =>
  `.TH ${name.toUpperCase().replaceAll(' ', '\\-')} 1 "" "tinyctr ${version}" "tinyctr"`

function flagLines(table: FlagTable): string[] {
  return flagRows(table)
    .filter(([, { hidden = false }]) => !hidden)
    .flatMap(([name, flag]) => {
      const short = flag.short === undefined ? '' : `\\fB\\-${flag.short}\\fR, `
      const value = flag.takes === 'nothing' ? '' : ` \\fI${roff(flag.value)}\\fR`
      const more = flag.takes === 'many' ? ' May be given more than once.' : ''
      return ['.TP', `${short}\\fB\\-\\-${roff(name)}\\fR${value}`, roff(`${flag.help}.${more}`)]
    })
}

export function commandPage(name: string, command: Command, version: string): string {
  const { usage, summary, flags, examples = [] } = command
  const options = flagLines(flags)
  return [
    heading(`tinyctr-${name}`, version),
    '.SH NAME',
    `tinyctr\\-${roff(name.replaceAll(' ', '-'))} \\- ${roff(summary)}`,
    '.SH SYNOPSIS',
    `\\fBtinyctr ${roff(name)}\\fR ${roff(usage)}`.trimEnd(),
    '.SH DESCRIPTION',
    roff(`${summary}.`),
    ...(options.length > 0 ? ['.SH OPTIONS', ...options] : []),
    ...(examples.length > 0
      ? ['.SH EXAMPLES', ...examples.flatMap((line) => ['.PP', '.EX', `    ${roff(line)}`, '.EE'])]
      : []),
    '.SH SEE ALSO',
    '.BR tinyctr (1)',
    '',
  ].join('\n')
}

/** The page of the program itself: its commands, and the flags before them. */
export function mainPage(
  commands: readonly (readonly [name: string, command: Command])[],
  flags: FlagTable,
  version: string,
): string {
  return [
    heading('tinyctr', version),
    '.SH NAME',
    'tinyctr \\- containers, as lists of system calls',
    '.SH SYNOPSIS',
    '\\fBtinyctr\\fR [OPTIONS] COMMAND [ARG...]',
    '.SH DESCRIPTION',
    'A low\\-level OCI container runtime with the command line of docker. No daemon runs; what stays in memory for a',
    'container is one small program that waits for it.',
    '.SH OPTIONS',
    ...flagLines(flags),
    '.SH COMMANDS',
    ...commands.flatMap(([name, { summary }]) => [
      '.TP',
      `\\fBtinyctr\\-${roff(name.replaceAll(' ', '-'))}\\fR(1)`,
      roff(`${summary}.`),
    ]),
    '.SH FILES',
    '.TP',
    '/var/lib/tinyctr, ~/.local/share/tinyctr',
    'Images, containers and volumes.',
    '.TP',
    '/run/tinyctr, $XDG_RUNTIME_DIR/tinyctr',
    'What runs.',
    '',
  ].join('\n')
}
