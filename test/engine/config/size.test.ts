import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSize, parseSwapSize } from '../../../src/engine/config/size.ts'

/** go-units' own cases (size_test.go), and a few more. */
const sizes: [text: string, bytes: number][] = [
  ['0', 0],
  ['32', 32],
  ['32b', 32],
  ['32B', 32],
  ['32k', 32 * 1024],
  ['32K', 32 * 1024],
  ['32kb', 32 * 1024],
  ['32Kb', 32 * 1024],
  ['32Mb', 32 * 1024 ** 2],
  ['32Gb', 32 * 1024 ** 3],
  ['32Tb', 32 * 1024 ** 4],
  ['3Pb', 3 * 1024 ** 5],
  ['32.5kB', 32.5 * 1024],
  ['32.5 kB', 32.5 * 1024],
  ['32.5 B', 32],
  ['0.3', 0],
  ['.3kB', 307],
  ['0.', 0],
  ['1.5g', 1.5 * 1024 ** 3],
  ['64MiB', 64 * 1024 ** 2],
]
for (const [text, bytes] of sizes) test(`${text} is ${bytes}`, () => assert.equal(parseSize(text), bytes))

const refused: [text: string, message: string][] = [
  ['', "invalid size: ''"],
  ['hello', "invalid size: 'hello'"],
  ['-32', "invalid size: '-32'"],
  [' 32', "invalid size: ' 32'"],
  ['32  kB', "invalid size: '32  kB'"],
  ['.', "invalid size: '.'"],
  ['1.1.1', "invalid size: '1.1.1'"],
  ['32m b', "invalid size: '32m b'"],
  ['32bm', "invalid suffix: 'bm'"],
  ['32mm', "invalid suffix: 'mm'"],
  ['32kib1', "invalid size: '32kib1'"],
  ['9007199254740993', "invalid size: '9007199254740993'"],
  ['100000p', "invalid size: '100000p'"],
]
for (const [text, message] of refused) {
  test(`"${text}" is no size`, () => assert.throws(() => parseSize(text), { name: 'UsageError', message }))
}

test('swap may be unlimited', () => {
  assert.equal(parseSwapSize('-1'), -1)
  assert.equal(parseSwapSize('1g'), 1024 ** 3)
  assert.throws(() => parseSwapSize('-2'))
})
