/** dockerd with tinyctr as its default runtime. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { containerCases } from './container-cases.ts'
import { Docker, dockerMissing } from './docker.ts'
import { IMAGE, needsRoot } from './runtime.ts'
import { missingProgram } from './sandbox.ts'

const missing = missingProgram('containerd', 'skopeo', 'python3')
const skip = needsRoot || (missing !== undefined && `needs ${missing}`) || dockerMissing
const network = ['--network', 'none']

describe('docker', { skip }, () => {
  let docker: Docker
  before(async () => {
    docker = await Docker.open()
  })
  after(() => docker?.close())

  containerCases(() => docker, network)

  test('--init: PID 1 is an init', () => {
    const { stdout, stderr } = docker.run(
      'run',
      '--rm',
      '--init',
      ...network,
      IMAGE,
      'cat',
      '/proc/1/cmdline',
    )
    assert.match(stdout, /init/, stderr)
  })

  test('restart', () => {
    const name = 'again'
    const run = (...args: string[]) => docker.run(...args)
    assert.equal(run('run', '-d', ...network, '--name', name, IMAGE, 'sleep', '1000').status, 0)
    assert.equal(run('restart', '-t', '0', name).status, 0)
    assert.equal(run('exec', name, 'true').status, 0)
    assert.equal(run('rm', '-f', name).status, 0)
  })
})
