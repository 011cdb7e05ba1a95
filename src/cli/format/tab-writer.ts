/**
 * Go's text/tabwriter: cells end with a tab; a column is as wide as the widest cell of the lines that follow each other
 * in it, plus some spaces. A line's last cell is in no column.
 */

/** Docker's tables are set with these. */
export function alignTabs(text: string, leastWidth = 10, padding = 3): string {
  const lines = text.split('\n').map((line) => line.split('\t'))
  const output: string[] = []
  const widths: number[] = []

  const write = (from: number, to: number): void => {
    for (const cells of lines.slice(from, to)) {
      output.push(cells.map((cell, i) => (i < widths.length ? padEnd(cell, widths[i]!) : cell)).join(''))
    }
  }

  /** Lines `from` to `to` have the columns left of this one in common. */
  const format = (from: number, to: number): void => {
    const column = widths.length
    let written = from
    for (let line = from; line < to; line++) {
      if (column >= lines[line]!.length - 1) continue
      write(written, line)
      const begin = line
      let width = leastWidth
      for (; line < to && column < lines[line]!.length - 1; line++) {
        width = Math.max(width, widthOf(lines[line]![column]!) + padding)
      }
      widths.push(width)
      format(begin, line)
      widths.pop()
      written = line
      // The line that ended the block may begin the next one.
      line--
    }
    write(written, to)
  }
  format(0, lines.length)
  return output.join('\n')
}

/** The blocks of East Asian wide and fullwidth characters and emoji (UAX #11). */
const wide: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
]
const firstWide = 0x1100
/** ASCII and the letters of Western Europe: each takes one place. */
const plain = /^[\u0000-\u02ff]*$/

/** How many places a text takes on a terminal. */
export function widthOf(text: string): number {
  let width = text.length
  if (plain.test(text)) return width
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i)!
    if (code > 0xffff) {
      i++
      width--
    }
    if (code >= firstWide && wide.some(([first, last]) => code >= first && code <= last)) width++
    else if (/\p{M}/u.test(String.fromCodePoint(code))) width--
  }
  return width
}

const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))
