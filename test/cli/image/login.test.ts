/** login and logout against docker-registry with a password, and with skopeo and podman as readers of the same file. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  type Registry,
  registryMissing,
  registryUser,
  startRegistry,
} from '../../../rootfs-fixtures/registry/registry.ts'
import { scratch } from '../../image/layer/unpack-into.ts'
import { runtimes, spawned } from '../spawned.ts'

const terminal = join(import.meta.dirname, '../../root/terminal.py')

for (const [runtime, command] of Object.entries(runtimes)) {
  describe(`login on ${runtime}`, { skip: registryMissing }, () => {
    let registry: Registry
    let host: string
    before(async () => {
      registry = await startRegistry({ login: true })
      host = `127.0.0.1:${registry.port}`
    })
    after(() => registry?.stop())
    const { username, password } = registryUser

    test('--password-stdin: tried, kept for its owner, read by skopeo; logout forgets', async (t) => {
      const folder = scratch(t)
      const env = {
        DOCKER_CONFIG: folder,
        REGISTRY_AUTH_FILE: '',
        XDG_CONFIG_HOME: folder,
        XDG_RUNTIME_DIR: folder,
      }
      const run = (args: string[], input = '') => spawned(command, args, { env, input })
      const file = `${folder}/config.json`

      const wrong = await run(['login', '-u', username, '--password-stdin', host], 'wrong\n')
      assert.deepEqual({ ...wrong, stdout: wrong.stdout }, { ...wrong, status: 1, stdout: '' })
      assert.match(wrong.stderr, /unauthorized: incorrect username or password/)
      assert.ok(!existsSync(file), 'a login that was refused is not kept')

      const right = await run(['login', '-u', username, '--password-stdin', host], `${password}\n`)
      assert.deepEqual([right.status, right.stdout], [0, 'Login Succeeded\n'], right.stderr)
      assert.match(right.stderr, /WARNING! Your credentials are stored unencrypted in .*config\.json/)
      assert.equal(statSync(file).mode & 0o777, 0o600)
      const user = execFileSync('skopeo', ['login', '--get-login', '--authfile', file, host], {
        encoding: 'utf8',
      })
      assert.equal(user.trim(), username)

      assert.deepEqual((await run(['logout', host])).stdout, `Removing login credentials for ${host}\n`)
      assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { auths: {} })
      assert.deepEqual((await run(['logout', host])).stdout, `Not logged in to ${host}\n`)
    })

    test('what cannot be asked for is an error', async (t) => {
      const env = { DOCKER_CONFIG: scratch(t) }
      const refused = async (...args: string[]) => {
        const { status, stderr } = await spawned(command, ['login', ...args, host], { env })
        assert.notEqual(status, 0)
        return stderr
      }
      assert.match(await refused('-u', 'alice'), /Cannot perform an interactive login from a non TTY device/)
      assert.match(await refused('--password-stdin'), /Must provide --username with --password-stdin/)
      assert.match(await refused('-u', 'a', '-p', 'x', '--password-stdin'), /mutually exclusive/)
    })

    test('a login that podman made counts', async (t) => {
      const folder = scratch(t)
      const file = `${folder}/auth.json`
      const given = ['--authfile', file, '--tls-verify=false', '-u', username, '-p', password, host]
      execFileSync('skopeo', ['login', ...given], { stdio: 'pipe' })
      const { stderr } = await spawned(command, ['--data-root', folder, 'pull', `${host}/absent`], {
        env: { REGISTRY_AUTH_FILE: file },
      })
      assert.match(stderr, /has no tag "latest"/)
      const anonymous = await spawned(command, ['--data-root', folder, 'pull', `${host}/absent`], {
        env: { DOCKER_CONFIG: folder },
      })
      assert.match(anonymous.stderr, /needs a login/)
    })

    test('on a terminal it asks, and the password does not show', (t) => {
      const steps = [
        ['expect', 'Username: '],
        ['send', `${username}\r`],
        ['expect', 'Password: '],
        ['send', `${password}\r`],
        ['expect', 'Login Succeeded'],
      ]
      const output = execFileSync('python3', [terminal, JSON.stringify(steps), ...command, 'login', host], {
        encoding: 'utf8',
        env: { ...process.env, DOCKER_CONFIG: scratch(t) },
      })
      assert.doesNotMatch(output, new RegExp(password))
    })
  })
}

test('search says what it cannot do', async () => {
  for (const command of Object.values(runtimes)) {
    const { status, stderr } = await spawned(command, ['search', 'alpine'])
    assert.deepEqual([status, /Cannot search for alpine/.test(stderr)], [1, true])
  }
})
