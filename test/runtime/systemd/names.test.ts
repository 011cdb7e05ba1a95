import assert from 'node:assert/strict'
import { test } from 'node:test'
import { annotatedProperties } from '../../../src/runtime/systemd/property-annotations.ts'
import { parseUnitName, slicePath } from '../../../src/runtime/systemd/unit-name.ts'

test('slice:prefix:name', () => {
  assert.deepEqual(parseUnitName('machine.slice:libpod:1234', 'c1', false), {
    slice: 'machine.slice',
    unit: 'libpod-1234.scope',
  })
  assert.deepEqual(parseUnitName(':libpod:1234', 'c1', true), {
    slice: 'user.slice',
    unit: 'libpod-1234.scope',
  })
  assert.deepEqual(parseUnitName('', 'c1', false), { slice: 'system.slice', unit: 'tinyctr-c1.scope' })
  for (const wrong of ['/a/b', 'a.slice:b', 'a.slice:b:', 'a.slice:b:c:d', 'a.slice:b:c.slice'])
    assert.throws(
      () => parseUnitName(wrong, 'c1', false),
      { name: 'ConfigError', at: '/linux/cgroupsPath' },
      wrong,
    )
})

test('the name of a slice is its path', () => {
  assert.equal(slicePath('-.slice'), '')
  assert.equal(slicePath('system.slice'), '/system.slice')
  assert.equal(slicePath('test-a-b.slice'), '/test.slice/test-a.slice/test-a-b.slice')
  for (const wrong of ['system', '.slice', 'a--b.slice', '-a.slice', 'a/b.slice'])
    assert.throws(() => slicePath(wrong), /invalid slice name/, wrong)
})

test('annotations are properties, as GVariant writes values', () => {
  const of = (name: string, text: string) => {
    const [property] = annotatedProperties({ [`org.systemd.property.${name}`]: text, other: 'x' })
    return [property?.[0], property?.[1].signature, property?.[1].value]
  }
  assert.deepEqual(of('CollectMode', "'inactive-or-failed'"), ['CollectMode', 's', 'inactive-or-failed'])
  assert.deepEqual(of('SendSIGHUP', 'true'), ['SendSIGHUP', 'b', true])
  assert.deepEqual(of('TimeoutStopUSec', 'uint64 123456789'), ['TimeoutStopUSec', 't', 123456789n])
  assert.deepEqual(of('TimeoutStopSec', '1.5'), ['TimeoutStopUSec', 't', 1500000n])
  assert.deepEqual(of('CPUWeight', '@t 200'), ['CPUWeight', 't', 200n])
  assert.deepEqual(of('Nice', '-5'), ['Nice', 'i', -5])
  assert.deepEqual(of('After', '[\'a.service\', "b.service"]'), ['After', 'as', ['a.service', 'b.service']])
  assert.deepEqual(of('After', '@as []'), ['After', 'as', []])
  for (const [name, text] of [
    ['x', 'true'],
    ['Not Name', 'true'],
    ['After', '[]'],
    ['After', "['a'"],
    ['After', "['a' 'b']"],
    ['After', 'uint64'],
    ['After', 'bare-word'],
    ['After', "uint64 'text'"],
    ['TimeoutStopSec', "'soon'"],
  ] as const)
    assert.throws(() => of(name, text), { name: 'ConfigError' }, `${name}=${text}`)
})
