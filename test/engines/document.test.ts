/**
 * docs/engines.md is what happens: its files are written where it says, its commands run as they stand, and what they
 * print holds every line shown. In a sandbox whose /etc and /usr/local are its own.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { addImage } from '../root/image.ts'
import { connectCri } from './cri.ts'
import { dockerMissing, dockerPath } from './docker.ts'
import { fixture, isUnified, needsRoot } from './runtime.ts'
import { missingProgram, Sandbox } from './sandbox.ts'

const root = join(import.meta.dirname, '../..')
const missing = missingProgram('podman', 'buildah', 'containerd', 'skopeo')
const skip = needsRoot || (missing !== undefined && `needs ${missing}`) || dockerMissing

interface Fence {
  readonly language: string
  readonly path: string
  readonly lines: readonly string[]
}
const fences: Fence[] = [
  ...readFileSync(join(root, 'docs/engines.md'), 'utf8').matchAll(/```(\w+) ?(.*)\n([\s\S]*?)```/g),
].map(([, language = '', path = '', text = '']) => ({ language, path, lines: text.trimEnd().split('\n') }))

describe('docs/engines.md', { skip }, () => {
  let sandbox: Sandbox
  const sh = (script: string) =>
    sandbox.run(['sh', '-c', script], { env: { PATH: dockerPath, HOME: '/root' } })
  const ok = (script: string): string => {
    const { status, stdout, stderr } = sh(script)
    assert.equal(status, 0, `${script}: ${stdout}${stderr}`)
    return stdout + stderr
  }

  before(async () => {
    sandbox = await Sandbox.open()
    const { folder } = sandbox
    for (const name of ['etc', 'usr-local'])
      for (const part of ['upper', 'work']) mkdirSync(join(folder, name, part), { recursive: true })
    const overlay = (path: string, name: string): string =>
      `mount -t overlay -o lowerdir=${path},upperdir=${folder}/${name}/upper,workdir=${folder}/${name}/work overlay ${path}`
    ok(`${overlay('/etc', 'etc')} && ${overlay('/usr/local', 'usr-local')}`)
    // The host's own settings, which a reader has not, are put away.
    ok('rm -rf /etc/containers/containers.conf /etc/containerd /etc/docker /usr/local/bin/tinyctr*')
    await addImage(join(folder, 'pause'), 'pause', { config: { Cmd: ['sleep', '1000'] } })
  })
  after(() => sandbox?.close())

  /** What a reader has: the image, and for a daemon its restart. */
  const begin: Record<string, () => void> = {
    '/etc/containers/containers.conf': () => {
      ok(`podman tag "$(podman pull --quiet oci:${fixture})" docker.io/library/alpine:latest`)
    },
    '/etc/containerd/config.toml': () => {
      sandbox.start(['containerd'], 'containerd.log')
      ok('for i in $(seq 100); do ctr version >/dev/null 2>&1 && exit; sleep 0.1; done; exit 1')
      const load = (layout: string, namespace: string, name: string) =>
        ok(`tar -C ${layout} -c . | ctr -n ${namespace} image import --base-name ${name} -`)
      load(fixture, 'default', 'docker.io/library/alpine')
      load(join(sandbox.folder, 'pause'), 'k8s.io', 'registry.k8s.io/pause:3.6')
      ok(
        'ctr -n k8s.io image tag "$(ctr -n k8s.io image ls -q | head -n 1)" registry.k8s.io/pause:3.6 || true',
      )
    },
    '/etc/docker/daemon.json': () => {
      const flags = ['--bridge=none', '--iptables=false', '--ip6tables=false']
      sandbox.start(['dockerd', ...flags], 'dockerd.log', { PATH: dockerPath })
      ok('for i in $(seq 150); do docker version >/dev/null 2>&1 && exit; sleep 0.1; done; exit 1')
      ok(
        `skopeo copy -q oci:${fixture} docker-archive:/run/alpine.tar:alpine:latest && docker load -q -i /run/alpine.tar`,
      )
    },
  }
  /** A small host grants fewer files and processes than podman asks for; a hybrid one limits none. */
  const forThisHost = `\n[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]\nnetns = "none"\n${isUnified ? '' : 'pids_limit = 0\n'}`

  let environment = ''
  for (const { language, path, lines } of fences) {
    if (path !== '') {
      test(path, () => {
        ok(`mkdir -p ${dirname(path)}`)
        const text = `${lines.join('\n')}\n${path.endsWith('containers.conf') ? forThisHost : ''}`
        const file = join(sandbox.folder, 'file')
        writeFileSync(file, text)
        ok(`cp ${file} ${path}`)
        begin[path]!()
      })
    } else if (language === 'console') {
      for (const [i, line] of lines.entries()) {
        if (!line.startsWith('# ')) continue
        const command = line.slice(2)
        const rest = lines.slice(i + 1)
        const next = rest.findIndex((other) => other.startsWith('# '))
        const shown = next < 0 ? rest : rest.slice(0, next)
        test(command, () => {
          if (command.startsWith('export ')) environment += `${command}\n`
          const printed = ok(`${environment}cd ${root}\n${command}`)
          for (const part of shown.flatMap((text) => text.split('...')))
            assert.ok(printed.includes(part.trim()), `"${part.trim()}" is not in:\n${printed}`)
        })
      }
    }
  }

  test('a pod of the handler that the RuntimeClass names', async () => {
    const cri = connectCri(`/proc/${sandbox.pid}/root/run/containerd/containerd.sock`)
    try {
      const config = {
        metadata: { name: 'one', uid: '1', namespace: 'test', attempt: 0 },
        linux: { security_context: { namespace_options: { network: 'NODE', pid: 'CONTAINER' } } },
      }
      const asked = cri.call('RunPodSandbox', { config, runtime_handler: 'tinyctr' })
      if (!isUnified) {
        // The file above limits pods, as clusters do: tinyctr says what that takes.
        await assert.rejects(asked, /expected the cgroup v2 controller cpu/)
        return
      }
      const { pod_sandbox_id } = await asked
      await cri.call('StopPodSandbox', { pod_sandbox_id })
      await cri.call('RemovePodSandbox', { pod_sandbox_id })
    } finally {
      cri.close()
    }
  })
})

test('there is something to run', () =>
  assert.ok(fences.filter(({ language }) => language === 'console').length >= 5))
