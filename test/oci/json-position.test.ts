import assert from 'node:assert/strict'
import test from 'node:test'
import { findJsonFault } from '../../src/oci/json-position.ts'

const faults: [text: string, line: number, column: number, expected: string][] = [
  ['', 1, 1, 'a value'],
  ['{]', 1, 2, 'a name in quotes or }'],
  ['{"a" 1}', 1, 6, 'a colon'],
  ['{"a": 1\n "b": 2}', 2, 2, 'a comma or }'],
  ['{"a": 1,\n}', 2, 1, 'a name in quotes'],
  ['[1 2]', 1, 4, 'a comma or ]'],
  ['[1,]', 1, 4, 'a value'],
  ['[01]', 1, 2, 'a value'],
  ["{'a': 1}", 1, 2, 'a name in quotes or }'],
  ['{"a": nul}', 1, 7, 'a value'],
  ['{"a": "tab\there"}', 1, 7, 'a value'],
  ['{"a": "\\x"}', 1, 7, 'a value'],
  ['{} {}', 1, 4, 'the end of the text'],
  ['{"a": [1, {"b": 2}', 1, 19, 'a comma or ]'],
  ['// no comments\n{}', 1, 1, 'a value'],
]

for (const [text, line, column, expected] of faults) {
  test(`${JSON.stringify(text)} fails at line ${line}, column ${column}`, () => {
    assert.throws(() => JSON.parse(text))
    assert.deepEqual(findJsonFault(text), { line, column, expected })
  })
}

test('agrees with JSON.parse about every text one character away from JSON', () => {
  const json = '{"a": [1, -2.5e+3, true, null, "x\\u0041"], "b": {}, "c": []}'
  assert.equal(findJsonFault(json), undefined)
  for (let offset = 0; offset <= json.length; offset++) {
    for (const insert of ['', ',', '}', ']', '{', '"', ':', '0', '-', '.', 'e', ' ', '\n', '\\', '\t']) {
      for (const drop of [0, 1]) {
        const text = json.slice(0, offset) + insert + json.slice(offset + drop)
        assert.equal(findJsonFault(text) === undefined, isJson(text), text)
      }
    }
  }
})

test('a hundred thousand open brackets are a fault, not a stack overflow', () => {
  assert.equal(findJsonFault('['.repeat(100_000))?.column, 100_001)
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
