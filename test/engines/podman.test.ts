/** podman with tinyctr as its runtime, nothing patched: containers, pods, an init, a build. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { containerCases } from './container-cases.ts'
import { Podman } from './podman.ts'
import { IMAGE, needsRoot } from './runtime.ts'
import { missingProgram } from './sandbox.ts'

const missing = missingProgram('podman', 'conmon', 'buildah', 'python3')
const skip = needsRoot || (missing !== undefined && `needs ${missing} (apt-get install podman buildah)`)

describe('podman', { skip }, () => {
  let podman: Podman
  before(async () => {
    podman = await Podman.open()
  })
  after(() => podman?.close())
  const ok = (...args: string[]): string => {
    const { status, stdout, stderr } = podman.run(...args)
    assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`)
    return stdout.trim()
  }

  containerCases(() => podman)

  test('--init: PID 1 is an init', () => {
    assert.match(ok('run', '--rm', '--init', IMAGE, 'cat', '/proc/1/cmdline'), /init/)
  })

  test('a pod: its containers share namespaces', () => {
    ok('pod', 'create', '--name', 'pod', '--infra-image', IMAGE, '--infra-command', 'sleep 1000')
    try {
      ok('run', '-d', '--pod', 'pod', '--name', 'one', IMAGE, 'sleep', '1000')
      const shown = ['sh', '-c', 'readlink /proc/self/ns/net; readlink /proc/self/ns/uts']
      const two = ok('run', '--rm', '--pod', 'pod', IMAGE, ...shown)
      assert.equal(ok('exec', 'one', ...shown), two)
      assert.equal(ok('run', '--rm', '--pod', 'pod', IMAGE, 'hostname'), 'pod')
      assert.match(ok('pod', 'ps', '--format', '{{.Status}}'), /^Running/)
    } finally {
      ok('pod', 'rm', '-f', '-t', '0', 'pod')
    }
    assert.equal(ok('ps', '-aq'), '')
  })

  test('podman info names the runtime', () => {
    assert.match(ok('info', '--format', '{{.Host.OCIRuntime.Version}}'), /version/)
  })

  test('buildah builds a Containerfile, and runs in a working container', () => {
    const folder = join(podman.sandbox.folder, 'context')
    mkdirSync(folder)
    const lines = [
      `FROM ${IMAGE}`,
      'RUN echo built >/built && mkdir /deep',
      'WORKDIR /deep',
      'USER 1000',
      'RUN id -u >/tmp/user',
      'CMD ["cat", "/built", "/tmp/user"]',
    ]
    writeFileSync(join(folder, 'Containerfile'), `${lines.join('\n')}\n`)
    const { status, stdout, stderr } = podman.buildah('build', '--network', 'none', '-t', 'built', folder)
    assert.equal(status, 0, stdout + stderr)
    assert.equal(ok('run', '--rm', 'built'), 'built\n1000')
    const container = podman.buildah('from', IMAGE).stdout.trim()
    const said = podman.buildah('run', '--network', 'none', container, '--', 'echo', 'ran')
    assert.deepEqual([said.status, said.stdout], [0, 'ran\n'], said.stderr)
    assert.notEqual(podman.buildah('run', '--network', 'none', container, '--', 'false').status, 0)
  })
})
