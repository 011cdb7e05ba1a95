/** Debian's dockerd in a sandbox of its own, its default runtime the one under test; the image is there. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { ContainerEngine } from './container-cases.ts'
import { fixture, IMAGE, runtime } from './runtime.ts'
import { Sandbox } from './sandbox.ts'

const unpacked = spawnSync(join(import.meta.dirname, 'unpack-docker'), { encoding: 'utf8' })

export const dockerMissing: string | false =
  unpacked.status === 0 ? false : `needs docker.io, to unpack: ${unpacked.stderr?.trim()}`

const folder = unpacked.stdout?.trim()
export const dockerPath = `${folder}/usr/bin:${folder}/usr/sbin:${process.env.PATH}`

export class Docker implements ContainerEngine {
  readonly name = 'docker'
  readonly execOfNothing = 126
  readonly sandbox: Sandbox
  private readonly env: NodeJS.ProcessEnv

  private constructor(sandbox: Sandbox) {
    this.sandbox = sandbox
    const socket = `unix://${sandbox.folder}/docker.sock`
    this.env = {
      PATH: dockerPath,
      DOCKER_HOST: socket,
      DOCKER_CONFIG: sandbox.folder,
      HOME: sandbox.folder,
    }
  }

  static async open(): Promise<Docker> {
    const docker = new Docker(await Sandbox.open())
    const { sandbox, env } = docker
    // A bridge wants iptables; containers here have no network.
    const network = ['--bridge=none', '--iptables=false', '--ip6tables=false']
    const runtimes = [`--add-runtime=under-test=${runtime.path}`, '--default-runtime=under-test']
    const command = [
      'dockerd',
      '--host',
      env.DOCKER_HOST!,
      ...network,
      ...runtimes,
      '--storage-driver=overlay2',
    ]
    sandbox.start(command, 'dockerd.log', env)
    const wait =
      'for i in $(seq 150); do docker version >/dev/null 2>&1 && exit; sleep 0.1; done; cat "$0"; exit 1'
    const archive = join(sandbox.folder, 'box.tar')
    const steps = [
      sandbox.run(['sh', '-c', wait, join(sandbox.folder, 'dockerd.log')], { env }),
      sandbox.run(['skopeo', 'copy', '--quiet', `oci:${fixture}`, `docker-archive:${archive}:${IMAGE}`]),
      docker.run('load', '--quiet', '--input', archive),
    ]
    const failed = steps.find(({ status }) => status !== 0)
    if (failed) {
      await docker.close()
      throw new Error(`Cannot start dockerd: ${failed.stdout}${failed.stderr}`)
    }
    return docker
  }

  run(...args: string[]) {
    return this.sandbox.run(['docker', ...args], { env: this.env })
  }

  onTerminal(steps: Parameters<Sandbox['onTerminal']>[0], ...args: string[]) {
    return this.sandbox.onTerminal(steps, ['docker', ...args], this.env)
  }

  close(): Promise<void> {
    return this.sandbox.close()
  }
}
