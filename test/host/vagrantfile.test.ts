import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const installed = spawnSync('vagrant', ['--version']).status === 0

test('vagrant takes the Vagrantfile', {
  skip: !installed && 'needs vagrant (apt-get install vagrant)',
}, () => {
  const home = mkdtempSync(join(tmpdir(), 'tinyctr-vagrant-'))
  try {
    const { status, stdout, stderr } = spawnSync('vagrant', ['validate', '--ignore-provider'], {
      encoding: 'utf8',
      env: {
        ...process.env,
        VAGRANT_HOME: home,
        VAGRANT_CHECKPOINT_DISABLE: '1',
        VAGRANT_DOTFILE_PATH: join(home, 'dot'),
      },
    })
    assert.equal(status, 0, stdout + stderr)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})
