/** `--log-driver journald`, with systemd's own journal in a mount namespace that has nothing else. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { binary, IMAGE, skip } from '../tinyctr.ts'
import { lives } from './lives.ts'

const live = lives()
const JOURNALD = '/lib/systemd/systemd-journald'
const missing = existsSync(JOURNALD) ? false : `needs ${JOURNALD} (systemd)`

test('each line is an entry with docker’s fields; logs reads it there', { skip: skip || missing }, () => {
  const { root, dataRoot } = live.tinyctr
  const script = join(import.meta.dirname, 'journal.sh')
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    ['-mp', '--fork', 'sh', script, binary, root, dataRoot, IMAGE],
    { encoding: 'utf8', timeout: 60_000 },
  )
  assert.equal(status, 0, stdout + stderr)
  const parts = Object.fromEntries(
    stdout
      .split('== ')
      .slice(1)
      .map((part) => [part.split('\n', 1)[0]!, part.slice(part.indexOf('\n') + 1)]),
  )
  assert.match(parts['no journal']!, /journald is not enabled on this host[\s\S]*exit 125/)

  const [entry = '', inspected = ''] = parts.fields!.split('\n')
  const fields = JSON.parse(entry) as Record<string, string>
  const [id = '', driver] = inspected.split(' ')
  assert.equal(driver, 'journald')
  const { MESSAGE, PRIORITY, ...about } = fields
  assert.deepEqual(Object.fromEntries(Object.entries(about).filter(([name]) => !name.startsWith('_'))), {
    CONTAINER_ID: id.slice(0, 12),
    CONTAINER_ID_FULL: id,
    CONTAINER_TAG: `told/${IMAGE}`,
    SYSLOG_IDENTIFIER: `told/${IMAGE}`,
    IMAGE_NAME: IMAGE,
    TEAM: 'a',
    X: 'q"<&>',
  })
  assert.match(PRIORITY ?? '', /^[36]$/)
  assert.ok(MESSAGE !== undefined)

  assert.equal(parts.foreground, 'seen\n')
  assert.equal(parts.logs, `out\nq"<&>\n${'y'.repeat(30)}\nend\n`)
  assert.equal(parts.stderr, 'err\n')
  assert.equal(parts.whole?.trim(), String('out\nq"<&>\n\nend\n'.length + 20_000))
  assert.equal(parts.follow, '1\n2\n3\n')
  assert.equal(parts.tail, '3\n')
})
