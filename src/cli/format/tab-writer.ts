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

/** East Asian wide and fullwidth characters and emoji (UAX #11, by their blocks). */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** How many places a text takes on a terminal. */
export function widthOf(text: string): number {
  if (/^[\x00-\x7f]*$/.test(text)) return text.length
  let width = 0
  for (const character of text) width += wide.test(character) ? 2 : /\p{M}/u.test(character) ? 0 : 1
  return width
}

const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))
