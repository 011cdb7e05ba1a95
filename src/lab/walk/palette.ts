/** Colours, on a terminal, unless NO_COLOR (https://no-color.org) says otherwise. */
import { isTerminal } from './keys.ts'

type Paint = (text: string) => string

export interface Palette {
  readonly bold: Paint
  readonly dim: Paint
  readonly good: Paint
  readonly bad: Paint
  readonly number: Paint
}

export function palette(fd: number, environment: Readonly<Record<string, string | undefined>>): Palette {
  const coloured = isTerminal(fd) && !environment.NO_COLOR
  const paint =
    (code: number): Paint =>
    (text) =>
      coloured ? `\x1b[${code}m${text}\x1b[0m` : text
  return { bold: paint(1), dim: paint(2), good: paint(32), bad: paint(31), number: paint(36) }
}
