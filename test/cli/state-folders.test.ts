import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stateFolders } from '../../src/cli/state-folders.ts'

const folder = () => '/work'

test('root keeps state in /run and images in /var/lib', () => {
  assert.deepEqual(stateFolders({}, { uid: 0, environment: { XDG_RUNTIME_DIR: '/run/user/0' }, folder }), {
    root: '/run/tinyctr',
    dataRoot: '/var/lib/tinyctr',
  })
})

test('others keep both in their own folders', () => {
  const environment = { XDG_RUNTIME_DIR: '/run/user/7', HOME: '/home/u' }
  assert.deepEqual(stateFolders({}, { uid: 7, environment, folder }), {
    root: '/run/user/7/tinyctr',
    dataRoot: '/home/u/.local/share/tinyctr',
  })
  assert.deepEqual(stateFolders({}, { uid: 7, environment: { XDG_DATA_HOME: '/d' }, folder }), {
    root: '/run/user/7/tinyctr',
    dataRoot: '/d/tinyctr',
  })
})

test('flags win, and may be relative', () => {
  const flags = { root: 'r', 'data-root': '../d/' }
  assert.deepEqual(stateFolders(flags, { uid: 7, environment: {}, folder }), {
    root: '/work/r',
    dataRoot: '/d',
  })
})

test('nobody without a home is guessed one', () => {
  assert.throws(() => stateFolders({}, { uid: 7, environment: {}, folder }), { name: 'UsageError' })
})
