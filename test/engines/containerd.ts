/** Debian's containerd in a sandbox of its own, its CRI's default runtime the one under test; the image is there. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addImage } from '../root/image.ts'
import { fixture, IMAGE, isUnified, runtime } from './runtime.ts'
import { Sandbox } from './sandbox.ts'

/** What holds a pod: an image that waits. */
const PAUSE = 'localhost/pause:latest'

/** Of every pod the CRI asks for a share of the CPU, which a hybrid host has no place for. */
const configuration = (folder: string): string => `
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "${folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE}"
  restrict_oom_score_adj = true
  disable_cgroup = ${!isUnified}
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "under-test"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.under-test]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.under-test.options]
        BinaryName = "${runtime.path}"
`

export class Containerd {
  readonly sandbox: Sandbox
  readonly socket: string

  private constructor(sandbox: Sandbox) {
    this.sandbox = sandbox
    this.socket = join(sandbox.folder, 'containerd.sock')
  }

  static async open(hidesUnified?: boolean): Promise<Containerd> {
    const sandbox = await Sandbox.open(hidesUnified)
    const { folder } = sandbox
    const file = join(folder, 'config.toml')
    writeFileSync(file, configuration(folder))
    const containerd = new Containerd(sandbox)
    sandbox.start(['containerd', '--config', file], 'containerd.log')
    const pause = join(folder, 'pause')
    await addImage(pause, PAUSE, { config: { Cmd: ['sleep', '1000000'] } })
    const wait =
      'for i in $(seq 100); do ctr -a "$0" version >/dev/null 2>&1 && exit; sleep 0.1; done; cat "$1"; exit 1'
    const steps = [
      sandbox.run(['sh', '-c', wait, containerd.socket, join(folder, 'containerd.log')]),
      ...['default', 'k8s.io'].map((namespace) => containerd.importLayout(namespace, fixture, IMAGE)),
      containerd.importLayout('k8s.io', pause, PAUSE),
    ]
    const failed = steps.find(({ status }) => status !== 0)
    if (failed) {
      await sandbox.close()
      throw new Error(`Cannot start containerd: ${failed.stdout}${failed.stderr}`)
    }
    return containerd
  }

  ctr(...args: string[]) {
    return this.ctrIn('default', ...args)
  }

  onTerminal(steps: Parameters<Sandbox['onTerminal']>[0], ...args: string[]) {
    return this.sandbox.onTerminal(steps, ['ctr', '--address', this.socket, ...args])
  }

  close(): Promise<void> {
    return this.sandbox.close()
  }

  private importLayout(namespace: string, layout: string, name: string) {
    const script = 'tar -C "$0" -c . | "$@" -'
    const base = name.replace(/:.*/, '')
    const command = [
      'ctr',
      '--address',
      this.socket,
      '--namespace',
      namespace,
      'image',
      'import',
      '--base-name',
      base,
    ]
    return this.sandbox.run(['sh', '-c', script, layout, ...command])
  }

  private ctrIn(namespace: string, ...args: string[]) {
    return this.sandbox.run(['ctr', '--address', this.socket, '--namespace', namespace, ...args])
  }
}
