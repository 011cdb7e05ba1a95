/** `--progress`, of the commands that move layers. */
import type { ValueFlag } from '../flag.ts'

export const progressFlag = {
  takes: 'one',
  value: 'FORM',
  choices: ['auto', 'plain', 'json'],
  help: 'Bars on a terminal (auto), lines (plain) or lines of JSON (json)',
} as const satisfies ValueFlag
