import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseState } from '../../../src/engine/container/status.ts'

const MONITOR = 77
const text = (...lines: string[]): string => lines.map((line, i) => `${(i + 1) * 1000} ${line}\n`).join('')

describe('the state of a container', () => {
  test('created, and never started', () => {
    const state = parseState(text('created'), 0)
    assert.deepEqual([state.status, state.createdAt, state.startedAt], ['created', 1000n, 0n])
  })

  test('running: the first line is its making, whatever it says', () => {
    const state = parseState(text('started 42'), MONITOR)
    assert.deepEqual(
      [state.status, state.pid, state.monitorPid, state.createdAt, state.startedAt],
      ['running', 42, MONITOR, 1000n, 1000n],
    )
  })

  test('ended: exit code, signal, OOM kill', () => {
    const state = parseState(text('created', 'started 42', 'exited 137 9 1'), 0)
    assert.deepEqual(
      [state.status, state.pid, state.exitCode, state.signal, state.oomKilled, state.finishedAt],
      ['exited', 0, 137, 9, true, 3000n],
    )
    assert.equal(state.abandoned, false)
  })

  test('without its monitor it does not run, whatever was written', () => {
    for (const lines of [['started 42'], ['started 42', 'paused']]) {
      const state = parseState(text(...lines), 0)
      assert.deepEqual([state.status, state.pid, state.exitCode, state.abandoned], ['exited', 0, 137, true])
    }
  })

  test('paused and back; a line that is not whole yet does not count', () => {
    assert.equal(parseState(text('started 42', 'paused'), MONITOR).status, 'paused')
    assert.equal(parseState(text('started 42', 'paused', 'unpaused'), MONITOR).status, 'running')
    assert.equal(parseState(`${text('started 42')}2000 exited 1`, MONITOR).status, 'running')
  })

  test('restarts are counted since a person started it', () => {
    const lines = ['created', 'started 1', 'exited 1 0 0', 'restarting 100', 'started 2', 'exited 1 0 0']
    assert.equal(parseState(text(...lines, 'restarting 200'), MONITOR).status, 'restarting')
    assert.equal(parseState(text(...lines, 'restarting 200', 'started 3'), MONITOR).restartCount, 2)
    assert.equal(parseState(text(...lines, 'restarting 200'), 0).status, 'exited')
    assert.equal(parseState(text(...lines, 'started 3'), MONITOR).restartCount, 0)
  })

  test('stopped on purpose, until it is started again', () => {
    assert.equal(parseState(text('started 1', 'stopping', 'exited 143 15 0'), 0).stopped, true)
    assert.equal(
      parseState(text('started 1', 'stopping', 'exited 143 15 0', 'started 2'), MONITOR).stopped,
      false,
    )
  })

  test('a start that failed: created stays created', () => {
    const state = parseState(text('created', 'failed 127'), 0)
    assert.deepEqual([state.status, state.exitCode], ['created', 127])
  })
})
