/** Debian's podman and buildah with the runtime under test, in a sandbox of their own; the image is there. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ContainerEngine } from './container-cases.ts'
import { fixture, IMAGE, isUnified, runtime } from './runtime.ts'
import { Sandbox } from './sandbox.ts'

/** podman's ulimits are more than a small host may grant; a hybrid host has no place for a limit of processes. */
const configuration = `
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
netns = "none"
${isUnified ? '' : 'pids_limit = 0'}
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "${runtime.name}"
runtime_supports_json = ["crun", "runc", "tinyctr-runtime"]
[engine.runtimes]
${runtime.name} = ["${runtime.path}"]
`

export class Podman implements ContainerEngine {
  readonly name = 'podman'
  readonly execOfNothing = 127
  readonly sandbox: Sandbox
  private readonly env: NodeJS.ProcessEnv

  private constructor(sandbox: Sandbox) {
    this.sandbox = sandbox
    const file = join(sandbox.folder, 'containers.conf')
    writeFileSync(file, configuration)
    mkdirSync(join(sandbox.folder, 'home'))
    this.env = { CONTAINERS_CONF: file, HOME: join(sandbox.folder, 'home'), BUILDAH_RUNTIME: runtime.path }
  }

  static async open(): Promise<Podman> {
    const podman = new Podman(await Sandbox.open())
    const id = podman.run('pull', '--quiet', `oci:${fixture}`)
    const tag = podman.run('tag', id.stdout.trim(), IMAGE)
    if (tag.status !== 0) throw new Error(`Cannot give podman an image: ${id.stderr}${tag.stderr}`)
    return podman
  }

  run(...args: string[]) {
    return this.sandbox.run(['podman', ...args], { env: this.env })
  }

  buildah(...args: string[]) {
    return this.sandbox.run(['buildah', ...args], { env: this.env })
  }

  onTerminal(steps: Parameters<Sandbox['onTerminal']>[0], ...args: string[]) {
    return this.sandbox.onTerminal(steps, ['podman', ...args], this.env)
  }

  close(): Promise<void> {
    return this.sandbox.close()
  }
}
