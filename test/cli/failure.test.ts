import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeFailure, exitCodeOf } from '../../src/cli/failure.ts'
import { ConfigError, RegistryError, UsageError } from '../../src/errors.ts'

const text = (error: unknown, command?: string) => describeFailure(error, command, false)

test('a usage error shows where the help is', () => {
  assert.equal(
    text(new UsageError('unknown flag: --x'), 'run'),
    "tinyctr: unknown flag: --x\nSee 'tinyctr run --help'.",
  )
  assert.equal(text(new UsageError('unknown flag: --x')), "tinyctr: unknown flag: --x\nSee 'tinyctr --help'.")
})

test('a config error shows its place', () => {
  assert.equal(
    text(new ConfigError('/mounts/1/type', 'expected text')),
    'tinyctr: expected text (at /mounts/1/type)',
  )
  assert.equal(text(new ConfigError('--cpus', 'too many')), 'tinyctr: too many (--cpus)')
})

test('causes are told once each', () => {
  const cause = new Error('connect ECONNREFUSED')
  assert.equal(
    text(new RegistryError('Cannot pull x: no answer', { cause })),
    'tinyctr: Cannot pull x: no answer\n  because connect ECONNREFUSED',
  )
  assert.equal(
    text(new RegistryError('Cannot pull x: connect ECONNREFUSED', { cause })),
    'tinyctr: Cannot pull x: connect ECONNREFUSED',
  )
  const both = new AggregateError([new Error('first'), new Error('second')], 'Cannot clean up')
  both.name = 'Error'
  assert.equal(text(both), 'tinyctr: Cannot clean up\n  because first\n  because second')
})

test('a fault of ours says so; its stack only with --debug', () => {
  const error = new TypeError('Cannot read properties of undefined')
  assert.match(
    text(error),
    /^tinyctr: unexpected TypeError: Cannot read.*\nThis is a fault in tinyctr\.\nRun it again/,
  )
  assert.doesNotMatch(text(error), /failure\.test/)
  assert.match(describeFailure(error, undefined, true), /failure\.test/)
})

test('exit codes are Docker’s', () => {
  assert.equal(exitCodeOf(new UsageError('x'), undefined), 125)
  assert.equal(exitCodeOf(new UsageError('x'), 'pull'), 125)
  assert.equal(exitCodeOf(new RegistryError('x'), 'pull'), 1)
  assert.equal(exitCodeOf(new RegistryError('x'), 'run'), 125)
  assert.equal(exitCodeOf(Object.assign(new Error('x'), { exitCode: 127 }), 'run'), 127)
})
