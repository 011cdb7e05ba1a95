import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseCredentials, readCredentials } from '../../../src/image/registry/credentials.ts'

const config = JSON.stringify({
  auths: {
    'https://index.docker.io/v1/': { auth: Buffer.from('hub:a:b').toString('base64') },
    'localhost:5000': { username: 'u', password: 'p' },
    'https://ghcr.io': { auth: Buffer.from('x:').toString('base64'), identitytoken: 'refresh' },
    'empty.example': {},
  },
})

test('logins are found by registry, and only for it', () => {
  assert.deepEqual(parseCredentials(config, 'docker.io'), { username: 'hub', password: 'a:b' })
  assert.deepEqual(parseCredentials(config, 'localhost:5000'), { username: 'u', password: 'p' })
  assert.deepEqual(parseCredentials(config, 'ghcr.io'), {
    username: 'x',
    password: '',
    identityToken: 'refresh',
  })
  assert.equal(parseCredentials(config, 'empty.example'), undefined)
  assert.equal(parseCredentials(config, 'localhost'), undefined)
  assert.equal(parseCredentials(config, 'docker.io.evil.example'), undefined)
  assert.equal(parseCredentials('{}', 'docker.io'), undefined)
})

test('$DOCKER_CONFIG names the folder; a broken file is an error, a missing one is not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinyctr-credentials-'))
  const before = process.env.DOCKER_CONFIG
  process.env.DOCKER_CONFIG = folder
  try {
    assert.equal(readCredentials('docker.io'), undefined)
    writeFileSync(join(folder, 'config.json'), config)
    assert.equal(readCredentials('docker.io')?.username, 'hub')
    writeFileSync(join(folder, 'config.json'), '{')
    assert.throws(() => readCredentials('docker.io'), /it is not valid JSON/)
  } finally {
    if (before === undefined) delete process.env.DOCKER_CONFIG
    else process.env.DOCKER_CONFIG = before
    rmSync(folder, { recursive: true })
  }
})
