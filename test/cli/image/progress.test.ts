import assert from 'node:assert/strict'
import { test } from 'node:test'
import { displayPull, formatBytes, layerLine, type Screen } from '../../../src/cli/image/progress.ts'
import { parseReference } from '../../../src/image/reference.ts'
import type { LayerStatus, TransferEvent } from '../../../src/image/transfer-event.ts'

const reference = parseReference('alpine')
const layer = (name: string, status: LayerStatus, done = 0): TransferEvent & { kind: 'layer' } => ({
  kind: 'layer',
  digest: `sha256:${name.padEnd(64, '0')}`,
  status,
  done,
  total: 1_000_000,
})

const story: TransferEvent[] = [
  { kind: 'begin', reference },
  layer('aa', 'waiting'),
  layer('bb', 'waiting'),
  layer('aa', 'downloading'),
  layer('bb', 'exists', 1_000_000),
  layer('aa', 'downloading', 500_000),
  layer('aa', 'complete', 1_000_000),
  { kind: 'end', reference, digest: 'sha256:cc', isNew: true },
]

function tell(screen: Omit<Screen, 'write'>, options?: { quiet: boolean }): string {
  let shown = ''
  const display = displayPull({ ...screen, write: (text) => (shown += text) }, options)
  for (const event of story) display.show(event)
  display.close()
  return shown
}

test('plain lines where there is no terminal, with no escape codes', () => {
  assert.deepEqual(tell({}).split('\n'), [
    'latest: Pulling from library/alpine',
    'aa0000000000: Pulling fs layer',
    'bb0000000000: Pulling fs layer',
    'bb0000000000: Already exists',
    'aa0000000000: Pull complete',
    'Digest: sha256:cc',
    'Status: Downloaded newer image for alpine:latest',
    '',
  ])
})

test('--quiet shows nothing', () => assert.equal(tell({ isTTY: true }, { quiet: true }), ''))

test('a dumb terminal gets plain lines', () => {
  const before = process.env.TERM
  process.env.TERM = 'dumb'
  try {
    assert.doesNotMatch(tell({ isTTY: true }), /\x1b/)
  } finally {
    if (before === undefined) delete process.env.TERM
    else process.env.TERM = before
  }
})

/** What a terminal shows after `text`: enough of ECMA-48 for what progress.ts writes. */
function screenAfter(text: string): { lines: string[]; row: number; column: number } {
  const lines: string[] = ['']
  let row = 0
  let column = 0
  for (const [, up, code, control, printed] of text.matchAll(
    /\x1b\[(\d+)A|\x1b\[([JK])|([\r\n])|([^\x1b\r\n]+)/g,
  )) {
    if (up !== undefined) row -= Number(up)
    else if (code === 'K') lines[row] = lines[row]!.slice(0, column)
    else if (code === 'J') {
      lines[row] = lines[row]!.slice(0, column)
      lines.length = row + 1
    } else if (control === '\r') column = 0
    else if (control === '\n') {
      row += 1
      column = 0
      lines[row] ??= ''
    } else {
      lines[row] = lines[row]!.slice(0, column) + printed! + lines[row]!.slice(column + printed!.length)
      column += printed!.length
    }
  }
  return { lines, row, column }
}

test('on a terminal the bars end as lines, the cursor below them', () => {
  const { lines, row, column } = screenAfter(tell({ isTTY: true, columns: 80, rows: 24 }))
  assert.deepEqual(lines, [
    'latest: Pulling from library/alpine',
    'aa0000000000: Pull complete',
    'bb0000000000: Already exists',
    'Digest: sha256:cc',
    'Status: Downloaded newer image for alpine:latest',
    '',
  ])
  assert.deepEqual([row, column], [5, 0])
})

test('redrawn bars stay where they are', async () => {
  let shown = ''
  const display = displayPull({ isTTY: true, columns: 80, rows: 24, write: (text) => (shown += text) })
  for (const done of [1, 2, 3]) {
    display.show(layer('aa', 'downloading', done * 100_000))
    display.show(layer('bb', 'waiting'))
    await new Promise((resolve) => setTimeout(resolve, 120))
  }
  display.close()
  const { lines } = screenAfter(shown)
  assert.equal(lines.length, 3)
  assert.match(lines[0]!, /^aa0000000000: Downloading \[=+> +\] 300kB\/1MB \d+(\.\d+)?kB\/s$/)
  assert.equal(lines[1], 'bb0000000000: Waiting')
})

test('more layers than rows: those that move, and a count', () => {
  let shown = ''
  const display = displayPull({ isTTY: true, columns: 80, rows: 5, write: (text) => (shown += text) })
  for (let at = 0; at < 12; at++)
    display.show(layer(`${'abcdef'[at % 6]}${at + 20}`, at < 10 ? 'complete' : 'downloading', 1))
  display.close()
  const { lines } = screenAfter(shown)
  assert.equal(lines.length, 4)
  assert.match(lines[0]!, /^e300+: Downloading/)
  assert.equal(lines[2], '10 of 12 layers complete')
})

test('a line never reaches the last column, and gives up its bar before its numbers', () => {
  for (let columns = 10; columns < 130; columns++) {
    const line = layerLine({ ...layer('aa', 'downloading', 123_456), bytesPerSecond: 1_234_567 }, columns)
    assert.ok(line.length < columns, `${columns}: ${line}`)
  }
  const narrow = layerLine({ ...layer('aa', 'downloading', 123_456), bytesPerSecond: 0 }, 44)
  assert.equal(narrow, 'aa0000000000: Downloading 123.5kB/1MB')
  const full = layerLine({ ...layer('aa', 'downloading', 1_000_000), bytesPerSecond: 0 }, 80)
  assert.match(full, /\[=+\] 1MB\/1MB$/)
})

test('bytes as Docker prints them', () => {
  const shown = [0, 999, 1000, 12_345, 66_000_000, 1_234_567_890].map(formatBytes)
  assert.deepEqual(shown, ['0B', '999B', '1kB', '12.35kB', '66MB', '1.235GB'])
})
