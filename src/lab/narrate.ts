/** A lesson on a terminal: plain text first, colour where there is one, no wider than is good to read. */
import { attempt } from '../linux/call.ts'
import type { Evidence, Lesson } from './lesson.ts'
import type { LessonReport, StepReport } from './play.ts'
import { palette } from './walk/palette.ts'

const WIDEST = 100
const NARROWEST = 8
/** What a stage writes for paths that are long and different each time. */
const SHORT = { $LAB: 'the scratch folder of this lesson', $IMAGE: 'the tree of the image' } as const
const NO_BREAK = '\u00a0'
const INDENT = '     '
/** Room for who makes a call. */
const WHO = 11

export interface Narrator {
  begin(lesson: Lesson, notes: readonly string[]): void
  step(report: StepReport, total: number): void
  end(lesson: Lesson, report: LessonReport): void
}

export function narrator(output: number, columns: number): Narrator {
  const { bold, dim, good, bad, number } = palette(output, process.env)
  const width = Math.min(columns, WIDEST)
  const say = (text = ''): void => {
    attempt('write', [output, `${text}\n`])
  }
  const sayWrapped = (text: string, indent: string, paint = (line: string) => line): void => {
    for (const line of wrap(text, width - indent.length)) say(indent + paint(line))
  }
  const explained = new Set<string>()
  return {
    begin({ name, summary }, notes) {
      say()
      sayWrapped(`══ ${name}: ${summary} ══`, '', bold)
      for (const note of notes) sayWrapped(note, '', dim)
    },
    step(report, total) {
      say()
      const [first = '', ...rest] = wrap(report.claim, width - INDENT.length)
      say(number(`${report.step}/${total}`.padEnd(INDENT.length)) + bold(first))
      for (const line of rest) say(INDENT + bold(line))
      sayWrapped(report.why, INDENT)
      if (report.skipped) say(`${INDENT}${bad('left out, to see what breaks')}`)
      for (const { who, call, result } of report.calls) {
        // The result stays on the line that ends the call.
        const whole = `${call}${NO_BREAK}=${NO_BREAK}${result.replaceAll(' ', NO_BREAK)}`
        const [head = '', ...more] = wrap(whole, width - INDENT.length - WHO).map((line) =>
          line.replaceAll(NO_BREAK, ' '),
        )
        say(INDENT + dim(who.padEnd(WHO) + head))
        for (const line of more) say(INDENT + dim(''.padEnd(WHO) + line))
      }
      for (const [name, meaning] of Object.entries(SHORT)) {
        if (explained.has(name) || !report.calls.some(({ call }) => call.includes(name))) continue
        explained.add(name)
        say(INDENT + dim(`${name} is ${meaning}`))
      }
      for (const line of table(report.evidence, width - INDENT.length, dim)) say(INDENT + line)
      if (report.error) sayWrapped(report.error, INDENT, bad)
      say(INDENT + (report.holds ? good('✓ shown') : bad('✗ NOT SHOWN')))
    },
    end({ ending }, { steps, holds }) {
      const shown = steps.filter((one) => one.holds).length
      say()
      if (holds) sayWrapped(ending, '')
      say((holds ? good : bad)(`${shown} of ${steps.length} claims shown by this kernel`))
    },
  }
}

/** Onlookers as columns; where two or more see the same thing, it is easy to see. */
function table(evidence: Evidence, width: number, dim: (text: string) => string): string[] {
  const rows = Object.entries(evidence).map(([name, { from, ...views }]) => ({ name, from, views }))
  const all = new Set(rows.flatMap(({ views }) => Object.keys(views)))
  const onlookers = all.delete('host') ? ['host', ...all] : [...all]
  if (onlookers.length === 0) return []
  const first = Math.max(...rows.map(({ name }) => name.length), 4) + 2
  const cells = rows.map(({ views }) =>
    onlookers.map((who) => String(views[who] ?? '').replaceAll('\t', ' ')),
  )
  const natural = onlookers.map(
    (who, i) => Math.max(who.length, ...cells.map((row) => longestLine(row[i] ?? ''))) + 2,
  )
  const room = width - first
  const widths = shareOut(room, natural)
  const line = (head: string, row: readonly string[]): string[] => {
    const columns = row.map((cell, i) => cell.split('\n').flatMap((part) => wrap(part, (widths[i] ?? 8) - 2)))
    const height = Math.max(1, ...columns.map((column) => column.length))
    return Array.from({ length: height }, (_, y) =>
      (
        (y === 0 ? head : '').padEnd(first) +
        columns.map((column, i) => (column[y] ?? '').padEnd(widths[i] ?? 8)).join('')
      ).trimEnd(),
    )
  }
  const lines = line('', onlookers).map(dim)
  rows.forEach(({ name, from }, i) => {
    lines.push(...line(name, cells[i] ?? []), dim(`  ${from}`))
  })
  return lines
}

/** Columns that ask for less than an equal share get what they ask for; the others share what is left. */
function shareOut(room: number, natural: readonly number[]): number[] {
  const widths = new Map<number, number>()
  const share = (): number =>
    Math.floor((room - [...widths.values()].reduce((a, b) => a + b, 0)) / (natural.length - widths.size))
  for (let before = -1; before !== widths.size && widths.size < natural.length; ) {
    before = widths.size
    const most = share()
    natural.forEach((one, i) => {
      if (one <= most) widths.set(i, one)
    })
  }
  return natural.map((_, i) => widths.get(i) ?? Math.max(NARROWEST, share()))
}

const longestLine = (text: string): number => Math.max(...text.split('\n').map((line) => line.length))

/** At spaces; a word that is longer than a line after one of its bars or commas, or wherever the line ends. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
    while (line.length > width) {
      const bar = Math.max(line.lastIndexOf('|', width - 1), line.lastIndexOf(',', width - 1))
      const cut = bar > 0 ? bar + 1 : width
      lines.push(line.slice(0, cut))
      line = line.slice(cut)
    }
  }
  return [...lines, line]
}
