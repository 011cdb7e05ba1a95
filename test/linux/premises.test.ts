/** What is written down while a start is prepared: every look at the host, and whether it can be asked again. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { O } from '../../src/linux/abi/arch.ts'
import { AT } from '../../src/linux/abi/flags.ts'
import { call } from '../../src/linux/call.ts'
import { fileType, makeFolder, readText, writeFileAtomically } from '../../src/linux/file.ts'
import { encodeStart, placesOf, replaceId } from '../../src/linux/premises/encode.ts'
import { PREMISE, START_HEADER, WORD } from '../../src/linux/premises/wire.ts'
import { apart, beginPremises, endPremises, lookedAt, spoilPremises } from '../../src/linux/premises.ts'

const folder = mkdtempSync(join(tmpdir(), 'tinyctr-premises-'))
after(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'file')
writeFileSync(file, 'text')

function premisesOf(work: () => void) {
  beginPremises()
  try {
    work()
  } finally {
    // biome-ignore lint/correctness/noUnsafeFinally: the recording ends whatever happens
    return endPremises()
  }
}

test('reading a file is four premises, with what was read', () => {
  const premises = premisesOf(() => void readText(file))
  assert.deepEqual(
    premises?.map(({ name, result }) => [name, name === 'openat' ? result >= 0 : result]),
    [
      ['openat', true],
      ['read', 4],
      ['read', 0],
      ['close', 0],
    ],
  )
  assert.deepEqual(premises?.[1]?.answer, [{ offset: 0, bytes: new TextEncoder().encode('text') }])
})

test('of a file type only the type counts, not its times', () => {
  const [statx] = premisesOf(() => void fileType(file)) ?? []
  assert.deepEqual(
    statx?.answer.map(({ offset, bytes }) => [offset, bytes.length]),
    [[28, 2]],
  )
})

test('an absence is a premise too', () => {
  const premises = premisesOf(() => void fileType(join(folder, 'none')))
  assert.deepEqual(
    premises?.map(({ result, answer }) => [result, answer]),
    [[-2, []]],
  )
})

test('a folder that is made now will be there next time', () => {
  const path = join(folder, 'a/b')
  const made = premisesOf(() => makeFolder(path))
  const there = premisesOf(() => makeFolder(path))
  assert.deepEqual(
    there?.map(({ result }) => result),
    [-17],
  )
  assert.deepEqual(made?.at(-1), there?.[0])
})

test('what changes something, or is not asked of the kernel, cannot be repeated', () => {
  assert.equal(
    premisesOf(() => writeFileAtomically(join(folder, 'new'), 'x')),
    undefined,
  )
  assert.equal(premisesOf(spoilPremises), undefined)
  assert.equal(
    // Without O_CLOEXEC it would reach the front end.
    premisesOf(() => call('close', [call('openat', [AT.FDCWD, file, O.RDONLY, 0])])),
    undefined,
  )
  assert.deepEqual(
    premisesOf(() => void apart(() => writeFileAtomically(join(folder, 'new'), 'x'))),
    [],
  )
})

test('work apart may be asynchronous', async () => {
  beginPremises()
  await apart(async () => {
    await Promise.resolve()
    readText(file)
  })
  fileType(file)
  assert.equal(endPremises()?.length, 1)
})

test('a kept start: one question for each part of an answer, open files by their cell', () => {
  const premises = premisesOf(() => {
    readText(file)
    call('statx', [AT.FDCWD, file, 0, 0x7ff, new Uint8Array(256)])
    lookedAt([32, 16], [96, 12])
  })
  const id = 'f'.repeat(64)
  const plan = new TextEncoder().encode(`/run/tinyctr/${id} ${id.slice(0, 12)}.`)
  const key = new TextEncoder().encode(`0\0/\0${id}\0`)
  const start = encodeStart({
    key,
    premises: premises!,
    plan,
    words: [id, file],
    sweeps: true,
    architecture: 'x64',
  })!
  const view = new DataView(start.buffer, start.byteOffset, start.length)
  const field = (name: (typeof START_HEADER)[number]): number =>
    view.getUint32(START_HEADER.indexOf(name) * 4, true)
  assert.equal(field('size'), start.length)
  assert.equal(field('premise_count'), 6)
  // The id in the key is the command line's own; the file is asked for by two of the questions.
  const words = Array.from({ length: field('word_count') * WORD.length }, (_, i) =>
    view.getUint32(field('words') + i * 4, true),
  )
  assert.deepEqual([words[0], words[2], words[3], words[5]], [id.length, 2, file.length, 1])
  const [open, read] = [field('premises'), field('premises') + PREMISE.size]
  const cell = view.getUint32(open + PREMISE.into, true)
  assert.notEqual(cell, 0)
  assert.equal(view.getBigUint64(read + PREMISE.args, true), BigInt(cell))
  assert.deepEqual(start.slice(field('plan'), field('plan') + field('plan_size')), plan)
})

test('an id is written over another, and its first twelve digits where they stand alone', () => {
  const [old, id] = ['a1'.repeat(32), 'b2'.repeat(32)]
  const text = `/x/${old}/y ${old.slice(0, 12)} ${old}`
  const bytes = new TextEncoder().encode(text)
  assert.equal(placesOf(old, bytes).length, 3)
  replaceId(bytes, old, id)
  assert.equal(new TextDecoder().decode(bytes), `/x/${id}/y ${id.slice(0, 12)} ${id}`)
})
