import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { storedCredentials } from '../../../src/image/registry/auth-file.ts'
import {
  readCredentials,
  removeCredentials,
  saveCredentials,
} from '../../../src/image/registry/credentials.ts'
import { scratch } from '../layer/unpack-into.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

const config = {
  auths: {
    'https://index.docker.io/v1/': { auth: base64('hub:a:b') },
    'localhost:5000': { username: 'u', password: 'p' },
    'https://ghcr.io': { auth: base64('x:'), identitytoken: 'refresh' },
    'quay.io/team/app': { auth: base64('app:1') },
    'quay.io/team': { auth: base64('team:2') },
    'quay.io': { auth: base64('quay:3') },
    'empty.example': {},
  },
}

test('logins are found by registry, and only for it', () => {
  const of = (domain: string) => storedCredentials(config, domain)
  assert.deepEqual(of('docker.io'), { username: 'hub', password: 'a:b' })
  assert.deepEqual(of('localhost:5000'), { username: 'u', password: 'p' })
  assert.deepEqual(of('ghcr.io'), { username: 'x', password: '', identityToken: 'refresh' })
  for (const stranger of ['empty.example', 'localhost', 'docker.io.evil.example', 'io', 'evil/docker.io']) {
    assert.equal(of(stranger), undefined, stranger)
  }
  assert.equal(storedCredentials({}, 'docker.io'), undefined)
})

test("podman's logins for a part of a registry: the most specific counts", () => {
  const of = (path: string) => storedCredentials(config, 'quay.io', path)?.username
  assert.equal(of('team/app'), 'app')
  assert.equal(of('team/app/deeper'), 'app')
  assert.equal(of('team/other'), 'team')
  assert.equal(of('teams'), 'quay')
})

interface Place {
  folder: string
  docker: string
  podman: string
  runtime: string
}

/** A home of its own for a test. */
function home(t: TestContext): Place {
  const folder = scratch(t)
  const place = {
    folder,
    docker: `${folder}/docker/config.json`,
    podman: `${folder}/config/containers/auth.json`,
    runtime: `${folder}/run/containers/auth.json`,
  }
  const set: Record<string, string | undefined> = {
    DOCKER_CONFIG: `${folder}/docker`,
    XDG_CONFIG_HOME: `${folder}/config`,
    XDG_RUNTIME_DIR: `${folder}/run`,
    REGISTRY_AUTH_FILE: undefined,
    PATH: `${folder}/bin:${process.env.PATH}`,
  }
  const before = Object.fromEntries(Object.keys(set).map((name) => [name, process.env[name]]))
  const apply = (variables: typeof set): void => {
    for (const [name, value] of Object.entries(variables)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
  apply(set)
  t.after(() => apply(before))
  for (const path of ['docker', 'config/containers', 'run/containers', 'bin']) {
    mkdirSync(`${folder}/${path}`, { recursive: true })
  }
  return place
}

const write = (path: string, content: unknown): void =>
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
const login = (user: string) => ({ auths: { 'r.example': { auth: base64(`${user}:p`) } } })

test("Docker's file, then podman's two; $REGISTRY_AUTH_FILE before all", async (t) => {
  const { folder, docker, podman, runtime } = home(t)
  const user = async () => (await readCredentials('r.example'))?.username
  assert.equal(await user(), undefined)
  write(podman, login('config'))
  assert.equal(await user(), 'config')
  write(runtime, login('runtime'))
  assert.equal(await user(), 'runtime')
  write(docker, login('docker'))
  assert.equal(await user(), 'docker')
  process.env.REGISTRY_AUTH_FILE = `${folder}/named.json`
  write(`${folder}/named.json`, login('named'))
  assert.equal(await user(), 'named')
})

test('a broken file is an error that names it, an empty one is none', async (t) => {
  const { docker } = home(t)
  write(docker, '')
  assert.equal(await readCredentials('r.example'), undefined)
  for (const text of ['{', '[]', 'null', '3']) {
    write(docker, text)
    await assert.rejects(readCredentials('r.example'), /docker\/config\.json: it is not valid JSON/, text)
  }
})

test('a login is written for its owner only, beside what was in the file; a symlink stays one', async (t) => {
  const { folder, docker } = home(t)
  const real = `${folder}/real.json`
  write(real, { psFormat: 'table', auths: { 'other.example': { auth: 'b3RoZXI6cA==' } } })
  chmodSync(real, 0o644)
  symlinkSync(real, docker)
  await saveCredentials('r.example', { username: 'u', password: 'p:w' })
  assert.deepEqual(readJson(docker), {
    psFormat: 'table',
    auths: { 'other.example': { auth: 'b3RoZXI6cA==' }, 'r.example': { auth: base64('u:p:w') } },
  })
  assert.equal(statSync(real).mode & 0o777, 0o600)
  assert.deepEqual(await readCredentials('r.example'), { username: 'u', password: 'p:w' })
  await saveCredentials('docker.io', { username: 'h', password: 'p' })
  assert.ok('https://index.docker.io/v1/' in (readJson(docker) as typeof config).auths)

  assert.equal(await removeCredentials('r.example'), true)
  assert.equal(await removeCredentials('r.example'), false)
  assert.equal(await readCredentials('r.example'), undefined)
  assert.equal((await readCredentials('docker.io'))?.username, 'h')
})

/** A keychain in a file: each call is noted in calls, the secret of each server in a file of its own. */
function makeHelper(folder: string, name = 'test'): void {
  const path = `${folder}/bin/docker-credential-${name}`
  write(
    path,
    `#!/bin/sh
input=$(cat)
echo "$1 $input" >>${folder}/calls
case $1 in
get) cat "${folder}/secret" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
store) echo "$input" >${folder}/secret ;;
erase) rm -f ${folder}/secret ;;
esac
`,
  )
  chmodSync(path, 0o755)
}

test('a credential helper keeps the login, and config.json only that there is one', async (t) => {
  const { folder, docker } = home(t)
  makeHelper(folder)
  write(docker, { credsStore: 'test' })
  assert.equal(await readCredentials('r.example'), undefined)
  await saveCredentials('r.example', { username: 'u', password: 'secret' })
  assert.deepEqual(readJson(docker), { credsStore: 'test', auths: { 'r.example': {} } })
  assert.deepEqual(await readCredentials('r.example'), { username: 'u', password: 'secret' })
  await saveCredentials('r.example', { username: 'u', password: 'x', identityToken: 'refresh' })
  assert.deepEqual(readJson(`${folder}/secret`), {
    ServerURL: 'r.example',
    Username: '<token>',
    Secret: 'refresh',
  })
  assert.deepEqual(await readCredentials('r.example'), {
    username: '',
    password: '',
    identityToken: 'refresh',
  })
  assert.equal(await removeCredentials('r.example'), true)
  assert.deepEqual(readJson(docker), { credsStore: 'test', auths: {} })
  assert.match(readFileSync(`${folder}/calls`, 'utf8'), /^erase r\.example$/m)
})

test('a helper of one registry goes before the one of all, and is asked for no other', async (t) => {
  const { folder, docker } = home(t)
  makeHelper(folder, 'one')
  write(docker, { credHelpers: { 'r.example': 'one' }, auths: { 'b.example': { auth: base64('b:p') } } })
  write(`${folder}/secret`, { ServerURL: 'r.example', Username: 'helped', Secret: 's' })
  assert.equal((await readCredentials('r.example'))?.username, 'helped')
  assert.equal((await readCredentials('b.example'))?.username, 'b')
  assert.equal(readFileSync(`${folder}/calls`, 'utf8'), 'get r.example\n')
})

test('a helper that is missing, fails or talks nonsense is an error; its name is no path', async (t) => {
  const { folder, docker } = home(t)
  const helper = (name: string) => write(docker, { credsStore: name })
  helper('absent')
  await assert.rejects(
    readCredentials('r.example'),
    /docker-credential-absent: there is no such program in PATH/,
  )
  helper('../../bin/sh')
  await assert.rejects(readCredentials('r.example'), /no name of a credential helper/)
  const script = (body: string) => {
    write(`${folder}/bin/docker-credential-bad`, `#!/bin/sh\n${body}\n`)
    chmodSync(`${folder}/bin/docker-credential-bad`, 0o755)
  }
  helper('bad')
  script('echo keychain is locked; exit 1')
  await assert.rejects(readCredentials('r.example'), /keychain is locked/)
  script('exit 7')
  await assert.rejects(readCredentials('r.example'), /exit code 7/)
  script('echo no json')
  await assert.rejects(readCredentials('r.example'), /printed no JSON/)
})
