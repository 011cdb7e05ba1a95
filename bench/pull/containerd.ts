/** Debian's containerd, started for a benchmark in folders of its own, and `ctr` that pulls with it. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'

const ticksPerSecond = 100

/** User and system time, children that it waited for included; and the most memory it ever had. */
function used(pid: number): { cpu: number; memory: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  const ticks = fields.slice(11, 15).map(Number)
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  return { cpu: (ticks.reduce((a, b) => a + b, 0) * 1000) / ticksPerSecond, memory: peak / 1000 }
}

/** @returns undefined where there is none */
export async function startContainerd(mount: string) {
  if (spawnSync('containerd', ['--version']).status !== 0) return undefined
  const folder = `${mount}/c`
  mkdirSync(folder)
  const socket = `${folder}/containerd.sock`
  const disabled = [
    'io.containerd.grpc.v1.cri',
    'io.containerd.internal.v1.opt',
    'io.containerd.snapshotter.v1.zfs',
  ]
  writeFileSync(
    `${folder}/config.toml`,
    `version = 2\nroot = "${folder}/root"\nstate = "${folder}/state"\ndisabled_plugins = ${JSON.stringify(disabled)}\n` +
      `[grpc]\naddress = "${socket}"\n[ttrpc]\naddress = "${socket}.ttrpc"\n`,
  )
  const daemon = spawn('containerd', ['-c', `${folder}/config.toml`, '-l', 'error'], { stdio: 'ignore' })
  const ctr = (...args: string[]): string[] => ['ctr', '-a', socket, ...args]
  for (
    let tries = 0;
    !existsSync(socket) || spawnSync('ctr', ctr('version').slice(1)).status !== 0;
    tries++
  ) {
    if (tries > 100) throw new Error('Cannot start containerd')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return {
    name: 'containerd',
    command: (image: string) => ctr('images', 'pull', '--plain-http', image),
    daemon: () => used(daemon.pid!),
    clean(image: string) {
      spawnSync('ctr', ctr('images', 'rm', '--sync', image).slice(1))
      execFileSync('ctr', ctr('content', 'prune', 'references').slice(1), { stdio: 'ignore' })
    },
    async stop() {
      daemon.kill('SIGTERM')
      await once(daemon, 'exit')
    },
  }
}
