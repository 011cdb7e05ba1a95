import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  expandVariable,
  parseEnvFile,
  parseLabel,
  parseLabelFile,
  parseVariable,
} from '../../../src/engine/config/env-file.ts'
import { containerEnvironment } from '../../../src/engine/config/environment.ts'

const environment = (image: string[], user: string[], terminal = false) =>
  containerEnvironment({ image, user, hostname: 'h', terminal, home: '/root' })
const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

test('Docker’s order: defaults, user, image, HOME', () => {
  assert.deepEqual(environment([], []), [path, 'HOSTNAME=h', 'HOME=/root'])
  assert.deepEqual(environment([], [], true), [path, 'HOSTNAME=h', 'TERM=xterm', 'HOME=/root'])
  assert.deepEqual(environment(['PATH=/bin', 'A=image', 'B=image'], ['A=user', 'C=user']), [
    'PATH=/bin',
    'HOSTNAME=h',
    'A=user',
    'C=user',
    'B=image',
    'HOME=/root',
  ])
  assert.deepEqual(environment(['HOME=/i'], ['HOSTNAME=x']), [path, 'HOSTNAME=x', 'HOME=/i'])
})

test('a bare name removes the image’s variable and the default; an empty HOME is none', () => {
  assert.deepEqual(environment(['A=1'], ['A', 'PATH']), ['HOSTNAME=h', 'HOME=/root'])
  assert.deepEqual(environment([], ['HOME=']), [path, 'HOSTNAME=h', 'HOME=/root'])
})

test('the last of two wins', () => {
  assert.deepEqual(environment([], ['A=1', 'A=2']), [path, 'HOSTNAME=h', 'A=2', 'HOME=/root'])
})

test('-e NAME takes the host’s value', () => {
  const host = { A: 'a=b', EMPTY: '' }
  assert.equal(expandVariable('A', host), 'A=a=b')
  assert.equal(expandVariable('EMPTY', host), 'EMPTY=')
  assert.equal(expandVariable('NONE', host), 'NONE')
  assert.equal(expandVariable('A=x', host), 'A=x')
  assert.throws(() => parseVariable('=x'), { message: 'invalid environment variable: =x' })
  assert.throws(() => parseVariable(''), { message: 'invalid environment variable: ' })
})

test('an env file: comments, blanks, quotes kept, host values, CRLF, BOM', () => {
  const text = '\ufeff# comment\n\n  A=1\r\nB="q u" # not a comment\nC=\nHOST\nNONE\n\tD=x=y\n'
  assert.deepEqual(parseEnvFile('f', text, { HOST: 'h' }), [
    'A=1',
    'B="q u" # not a comment',
    'C=',
    'HOST=h',
    'D=x=y',
  ])
})

test('an env file refuses what Docker refuses', () => {
  assert.throws(() => parseEnvFile('f', 'A B=1', {}), {
    name: 'UsageError',
    message: "invalid env file (f): variable 'A B' contains whitespaces",
  })
  assert.throws(() => parseEnvFile('f', '=1', {}), {
    message: "invalid env file (f): no variable name on line '=1'",
  })
  assert.throws(() => parseEnvFile('f', 'A=1\nB=\ufffd', {}), {
    message: 'invalid env file (f): invalid utf8 bytes at line 2',
  })
})

test('labels', () => {
  assert.deepEqual(parseLabel('a=b=c'), ['a', 'b=c'])
  assert.deepEqual(parseLabel('a'), ['a', ''])
  assert.throws(() => parseLabel(' =x'), { message: "invalid label ' =x': empty name" })
  assert.deepEqual(parseLabelFile('f', 'a=1\nb\n'), [
    ['a', '1'],
    ['b', ''],
  ])
})
