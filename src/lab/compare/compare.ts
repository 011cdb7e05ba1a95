/** `tinyctr lab containers-vs-vms`: all measurements, as a table for people and as data. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { builtInImage } from '../../engine/image/fixture.ts'
import { UsageError } from '../../errors.ts'
import { wrap } from '../narrate.ts'
import { advice, bytes, seconds, type Verdict, verdicts } from './claims.ts'
import { isolations } from './isolation.ts'
import { type Measured, measure } from './measure.ts'

export interface Comparison {
  readonly measured: readonly Measured[]
  readonly claims: readonly Verdict[]
  readonly advice: readonly string[]
}

export async function compare(dataRoot: string, tell: (line: string) => void): Promise<Comparison> {
  const image = await builtInImage(dataRoot)
  const [tree] = image?.layerDirectories ?? []
  if (tree === undefined)
    throw new UsageError('Cannot compare: the image that comes with tinyctr is not there')
  const root = mkdtempSync(join(tmpdir(), 'tinyctr-compare-'))
  try {
    const measured: Measured[] = []
    for (const isolation of isolations({ root, dataRoot, tree }))
      measured.push(await measure(isolation, (what) => tell(`${isolation.name}: ${what}`)))
    return { measured, claims: verdicts(measured), advice: advice(measured) }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

const BUDGET = 2 ** 30
const WIDTH = 80

export function rowsOf(measured: readonly Measured[]): string[][] {
  const row = (name: string, value: (one: Measured) => string): string[] => [name, ...measured.map(value)]
  return [
    ['', ...measured.map(({ name }) => name)],
    row('on disk', (one) => bytes(one.imageBytes)),
    row('start, median', (one) => seconds(one.startMilliseconds.median)),
    row('start, least', (one) => seconds(one.startMilliseconds.least)),
    row('stop', (one) => seconds(one.stopMilliseconds.median)),
    row('restart', (one) => seconds(one.restartMilliseconds)),
    row('idle memory', (one) => bytes(one.idleBytes)),
    row('fit into 1 GB', (one) => String(Math.floor(BUDGET / one.idleBytes))),
    row('200,000 loops', (one) => `${one.cpuSeconds} s`),
    row('write 32 MB', (one) => `${one.writeSeconds} s`),
    row('kernel it sees', (one) => one.sees.kernel),
    row('processes', (one) => String(one.sees.processes)),
  ]
}

export function printComparison({ measured, claims, advice: lines }: Comparison): string {
  const rows = rowsOf(measured)
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)) + 2)
  const widest = Math.max(0, ...claims.map(({ claim }) => claim.length)) + 2
  return [
    ...rows.map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('')
        .trimEnd(),
    ),
    '',
    ...measured.map(({ name, by, countedWith }) => `${name}: ${by}; memory is that of one of ${countedWith}`),
    '',
    'What is usually said, and what this host says:',
    ...claims.flatMap(({ claim, here, confirmed }) =>
      widest + here.length + 16 > WIDTH
        ? [`  ${claim}`, `    ${confirmed ? 'confirmed' : 'not confirmed'}: ${here}`]
        : [`  ${claim.padEnd(widest)}${confirmed ? 'confirmed' : 'not confirmed'}: ${here}`],
    ),
    '',
    'So:',
    ...lines.flatMap((line) =>
      wrap(line, WIDTH - 4).map((part, i) => (i === 0 ? `  - ${part}` : `    ${part}`)),
    ),
  ].join('\n')
}
