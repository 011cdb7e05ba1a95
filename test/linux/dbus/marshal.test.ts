import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completeTypes, marshal, unmarshal, type Value, variant } from '../../../src/linux/dbus/marshal.ts'
import { decodeMessage, encodeCall, MESSAGE, messageLength } from '../../../src/linux/dbus/message.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('a signature is a list of complete types', () => {
  assert.deepEqual(completeTypes('ssa(sv)a(sa(sv))u'), ['s', 's', 'a(sv)', 'a(sa(sv))', 'u'])
  assert.deepEqual(completeTypes('a{sv}aay'), ['a{sv}', 'aay'])
  assert.throws(() => completeTypes('a(s'), /ends too soon/)
})

/** The examples of the specification's section on marshaling, and what dbus-send(1) was seen to write. */
test('values are aligned to their size, texts end with a NUL that is not counted', () => {
  assert.equal(hex(marshal('yu', [1, 2])), '01000000' + '02000000')
  assert.equal(hex(marshal('s', ['foo'])), '03000000' + '666f6f00')
  assert.equal(hex(marshal('yg', [7, 'ai'])), '07' + '02616900')
  assert.equal(hex(marshal('at', [[5n]])), '08000000' + '00000000' + '0500000000000000')
  assert.equal(hex(marshal('at', [[]])), '00000000' + '00000000')
  assert.equal(hex(marshal('v', [variant('b', true)])), '01620000' + '01000000')
})

test('what is written is read again', () => {
  const signature = 'ybnqiuxtdsogasa(sv)v'
  const values: Value[] = [
    255,
    false,
    -2,
    65535,
    -3,
    4294967295,
    -4n,
    0xffff_ffff_ffff_ffffn,
    1.5,
    'größer',
    '/a/b',
    'a(sv)',
    ['one', 'two'],
    [
      ['PIDs', variant('au', [1, 2])],
      ['Slice', variant('s', 'x.slice')],
    ],
    variant('ay', [1, 2, 3]),
  ]
  assert.deepEqual(unmarshal(signature, marshal(signature, values)), values)
})

test('a message: header fields by code, its body where 8 divides', () => {
  const fields = {
    destination: 'org.a.B',
    path: '/a/b',
    interface: 'org.a.B.C',
    member: 'Do',
    signature: 'sb',
  }
  const bytes = encodeCall(7, fields, ['x', true])
  assert.equal(messageLength(bytes.subarray(0, 15)), undefined)
  assert.equal(messageLength(bytes), bytes.length)
  assert.deepEqual(decodeMessage(bytes), { ...fields, type: MESSAGE.CALL, body: ['x', true] })
})
