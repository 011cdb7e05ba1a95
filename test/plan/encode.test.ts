/** Encoded plans decoded again: every record says what its step says, every offset leads where it should. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { planHeader, startHeader } from '../../native/generate.ts'
import { O, openFlags } from '../../src/linux/abi/arch.ts'
import { errnoNumber } from '../../src/linux/abi/errno.ts'
import { AT } from '../../src/linux/abi/flags.ts'
import { SYSCALLS } from '../../src/linux/abi/syscalls.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { encodePlan } from '../../src/plan/encode.ts'
import { numberSteps } from '../../src/plan/print.ts'
import { repetitionsOf } from '../../src/plan/repetition.ts'
import { call, each, PID, type Plan, type Step, skipSteps, slot, template } from '../../src/plan/step.ts'
import { ARGUMENT, FLAG, MAGIC, OP, RECORD, ROLE, UNFILLED } from '../../src/plan/wire.ts'
import { decodePlan } from './decode-plan.ts'
import { INPUTS } from './plan-inputs.ts'

const explain = { argv: ['/front/end', 'explain'], envp: ['A=b', 'C=ü'], source: '{"é":1}' }
const encode = (plan: Plan, architecture: 'x64' | 'arm64' = 'x64') =>
  encodePlan(plan, { architecture, explain })
const planOf = (...host: Step[]): Plan => ({ host, container: [], cleanup: [] })
const why = 'a test'
const ROLES = { container: ROLE.CONTAINER, relay: ROLE.RELAY, init: ROLE.INIT, holder: ROLE.HOLDER }

for (const [name, input] of Object.entries(INPUTS)) {
  test(`decoded: ${name}`, () => {
    const plan = compilePlan(input)
    const bytes = encode(plan)
    const { header, records, relocations, text, texts, word } = decodePlan(bytes)
    assert.equal(header.magic, MAGIC)
    assert.equal(header.size, bytes.length)
    assert.equal(header.records + records.length * RECORD.size <= bytes.length, true)
    assert.ok(header.host_end <= header.container_end && header.container_end <= header.cleanup_end)
    assert.deepEqual(texts(header.explain_argv), explain.argv)
    assert.deepEqual(texts(header.explain_envp), explain.envp)
    assert.equal(text(header.source), explain.source)
    assert.equal(header.source_size, Buffer.byteLength(explain.source))

    // One record a call, in order, besides those that fill in slots before it.
    const main = records.filter(({ op }) => op !== OP.COPY && op !== OP.FORMAT)
    const steps = numberSteps(plan).flatMap((one) =>
      Array.from({ length: one.step.is === 'call' ? repetitionsOf(one.step) : 1 }, () => one),
    )
    assert.equal(main.length, steps.length)
    const half = (end: number, start = 0) => new Set(records.slice(start, end).map(({ step }) => step)).size
    assert.equal(half(header.host_end), plan.host.length)
    assert.equal(half(header.container_end, header.host_end), plan.container.length)
    assert.equal(half(header.cleanup_end, header.container_end), plan.cleanup.length)

    const cells = new Set([header.pid_cell, header.channel_cell, header.verdict_cell, header.start_cell])
    // A text with a number in it has its length where the call that takes it looks.
    for (const { op, into } of records) if (op === OP.FORMAT && into) cells.add(into)
    const inData = (offset: number) => offset >= 64 && offset < header.records
    main.forEach((record, i) => {
      const { number, step } = steps[i]!
      assert.equal(record.step, number)
      if (step.is !== 'call') return
      assert.equal(record.op, OP.CALL)
      assert.equal(record.number, SYSCALLS[step.call][0])
      assert.deepEqual(record.tolerated, (step.tolerate ?? []).map(errnoNumber))
      assert.equal(record.role, step.role ? ROLES[step.role] : ROLE.NONE)
      assert.equal(record.into !== 0, step.into !== undefined)
      assert.equal(record.unless !== 0, step.unless !== undefined)
      record.kinds.forEach((kind, j) => {
        const value = Number(record.args[j])
        if (kind === ARGUMENT.DATA) assert.ok(inData(value), `step ${number}: data at ${value}`)
        if (kind === ARGUMENT.SLOT) assert.ok(cells.has(value), `step ${number}: no slot at ${value}`)
      })
      if (record.into) {
        if (!cells.has(record.into)) assert.equal(BigInt.asIntN(64, word(record.into)), UNFILLED)
        cells.add(record.into)
      }
    })
    // Cells are words of their own.
    for (const cell of cells) assert.ok(cell % 8 === 0 && inData(cell), `${cell}`)
    assert.equal(new Set(relocations).size, relocations.length)
    for (const offset of relocations) {
      assert.ok(inData(offset), `relocation at ${offset}`)
      assert.ok(inData(Number(word(offset))), `it leads to ${word(offset)}`)
      assert.ok(!cells.has(offset))
    }
  })
}

test('strings, words, slots and templates', () => {
  const fd = slot('fd')
  const plan = planOf(
    call('openat', [AT.FDCWD, 'päth', O.RDONLY | O.DIRECTORY | O.NOFOLLOW, 0o640], { into: fd, why }),
    call('openat', [fd, template('/proc/', PID, '/x'), 0, 0], { tolerate: ['ENOENT', 'EACCES'], why }),
    call('write', [fd, 'ünf'], { why }),
    call('close', [each([3, 4])], { why }),
  )
  const { records, text } = decodePlan(encode(plan))
  const [open, format, templated, write, first, second] = records
  assert.deepEqual(open?.kinds.slice(0, 4), [ARGUMENT.VALUE, ARGUMENT.DATA, ARGUMENT.VALUE, ARGUMENT.VALUE])
  assert.equal(BigInt.asIntN(64, open!.args[0]!), -100n)
  assert.equal(text(Number(open!.args[1])), 'päth')
  assert.equal(open!.args[3], 0o640n)
  assert.deepEqual(
    [format?.op, text(Number(format!.args[2])), text(Number(format!.args[3]))],
    [OP.FORMAT, '/proc/', '/x'],
  )
  assert.equal(format!.args[1], templated!.args[1])
  assert.deepEqual([templated?.kinds[0], Number(templated!.args[0])], [ARGUMENT.SLOT, open!.into])
  assert.deepEqual(templated?.tolerated, [2, 13])
  // The length leaves the NUL out and counts bytes.
  assert.deepEqual([text(Number(write!.args[1])), write!.args[2]], ['ünf', 4n])
  assert.deepEqual([first!.args[0], second!.args[0]], [3n, 4n])
})

test('arm64: its numbers, its flags of open(2)', () => {
  const how = { flags: O.PATH | O.DIRECTORY | O.NOFOLLOW }
  const plan = planOf(
    call('openat', [AT.FDCWD, '/', O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC, 0], { why }),
    call('openat2', [AT.FDCWD, '/', how], { why }),
  )
  const { records, word } = decodePlan(encode(plan, 'arm64'))
  const arm = openFlags('arm64')
  assert.equal(records[0]!.number, 56)
  assert.equal(Number(records[0]!.args[2]), arm.DIRECTORY | arm.NOFOLLOW | arm.CLOEXEC)
  assert.equal(Number(word(Number(records[1]!.args[2]))), arm.PATH | arm.DIRECTORY | arm.NOFOLLOW)
})

test('a step left out keeps its number, and its slots stay empty', () => {
  const fd = slot('fd')
  const plan = planOf(call('openat', [AT.FDCWD, '/', 0, 0], { into: fd, why }), call('close', [fd], { why }))
  const { records, word } = decodePlan(encode(skipSteps(plan, [1])))
  assert.deepEqual(
    records.map(({ step }) => step),
    [2],
  )
  assert.equal(BigInt.asIntN(64, word(Number(records[0]!.args[0]))), UNFILLED)
})

test('what cannot be encoded is refused', () => {
  const six = ['EPERM', 'ENOENT', 'ESRCH', 'EINTR', 'EIO', 'ENXIO']
  encode(planOf(call('setsid', [], { tolerate: six, why })))
  assert.throws(
    () => encode(planOf(call('setsid', [], { tolerate: [...six, 'E2BIG'], why }))),
    /at most 6 errnos/,
  )
  assert.throws(
    () => encode(planOf(call('close', [slot('never')], { why }))),
    /reads \$never before any step fills it/,
  )
  assert.throws(() => encode(planOf(call('setsid', [], { tolerate: ['ENONSENSE'], why }))), /not an errno/)
  const uneven = call('mkdirat', [AT.FDCWD, each(['a', 'b']), each([1])], { why })
  assert.throws(() => encode(planOf(uneven)), /lists of mkdirat differ in length/)
})

test('flags of the terminal', () => {
  const flagsOf = (options: { terminal?: boolean; interactive?: boolean }) =>
    decodePlan(encodePlan(planOf(), { architecture: 'x64', explain, ...options })).header.flags
  assert.equal(flagsOf({}), 0)
  assert.equal(flagsOf({ terminal: true }), FLAG.TERMINAL)
  assert.equal(flagsOf({ terminal: true, interactive: true }), FLAG.TERMINAL | FLAG.INTERACTIVE)
})

test('native/plan.h is what native/generate.ts writes', () => {
  assert.equal(readFileSync(new URL('../../native/plan.h', import.meta.url), 'utf8'), planHeader())
  assert.equal(readFileSync(new URL('../../native/start.h', import.meta.url), 'utf8'), startHeader())
})
