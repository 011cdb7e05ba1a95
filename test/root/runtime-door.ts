/** `tinyctr-runtime` on bundles of one busybox, in a root that only this test file has. Nothing may be left after a test. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, afterEach } from 'node:test'
import type { Config, Process } from '../../src/oci/runtime-spec.ts'
import { makeBundle, writeConfig } from '../plan/bundle.ts'
import { skip as cannotRun } from './tinyctr.ts'

export const skip = cannotRun
const binary = join(import.meta.dirname, '../../build/tinyctr-runtime')

export interface Result {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CallOptions {
  readonly input?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

const NAMESPACES = ['pid', 'network', 'ipc', 'uts', 'mount'] as const

export class RuntimeDoor {
  readonly folder = mkdtempSync('/dev/shm/tinyctr-runtime-')
  readonly root = join(this.folder, 'state')
  readonly log = join(this.folder, 'log.json')
  readonly bundle = makeBundle()

  /** The command line after the global flags. Output goes to files: a container that goes on would keep pipes open. */
  call(args: readonly string[], { input, cwd, env }: CallOptions = {}): Result {
    const globals = ['--root', this.root, '--log', this.log, '--log-format', 'json']
    const [out, err] = [join(this.folder, 'out'), join(this.folder, 'err')]
    const files = [openSync(out, 'w'), openSync(err, 'w')]
    const { status } = spawnSync(binary, [...globals, ...args], {
      timeout: 20_000,
      stdio: [input === undefined ? 'ignore' : 'pipe', ...files],
      ...(input === undefined ? {} : { input }),
      ...(cwd ? { cwd } : {}),
      ...(env ? { env: { PATH: process.env.PATH, ...env } } : {}),
    })
    for (const fd of files) closeSync(fd)
    return { status, stdout: readFileSync(out, 'utf8'), stderr: readFileSync(err, 'utf8') }
  }

  /** It must succeed and say nothing. */
  quietly(...args: string[]): void {
    assert.deepEqual(this.call(args), { status: 0, stdout: '', stderr: '' }, args.join(' '))
  }

  /** Writes config.json: the least container with a /proc, and `changes`. */
  configure(args: readonly string[], changes: Partial<Config> = {}, process: Partial<Process> = {}): void {
    writeConfig(this.bundle, {
      ociVersion: '1.3.0',
      root: { path: 'rootfs' },
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['mode=755'] },
        {
          destination: '/dev/pts',
          type: 'devpts',
          source: 'devpts',
          options: ['newinstance', 'ptmxmode=0666'],
        },
      ],
      ...changes,
      process: {
        args: [...args],
        cwd: '/',
        env: ['PATH=/bin'],
        user: { uid: 0, gid: 0 },
        ...process,
      },
      linux: {
        namespaces: NAMESPACES.map((type) => ({ type })),
        cgroupsPath: `/${basename(this.folder)}/one`,
        ...changes.linux,
      },
    })
  }

  create(id: string, ...flags: string[]): void {
    this.quietly('create', '--bundle', this.bundle, ...flags, id)
  }

  status(id: string): string {
    const { stdout } = this.call(['state', id])
    return stdout === '' ? 'none' : JSON.parse(stdout).status
  }

  /** The lines of `--log` since the last look. */
  logged(): { level: string; msg: string; time: string }[] {
    if (!existsSync(this.log)) return []
    const lines = readFileSync(this.log, 'utf8').trimEnd().split('\n')
    rmSync(this.log)
    return lines.map((line) => JSON.parse(line))
  }

  leftovers(): string[] {
    return existsSync(this.root) ? readdirSync(this.root) : []
  }

  remove(): void {
    for (const id of this.leftovers()) this.call(['delete', '--force', id])
    for (const mount of ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'])
      spawnSync('rmdir', [`${mount}/${basename(this.folder)}`], { stdio: 'ignore' })
    rmSync(this.folder, { recursive: true, force: true })
    rmSync(this.bundle, { recursive: true, force: true })
  }
}

/** One for a test file. */
export function runtimeDoorForTests(): RuntimeDoor {
  if (skip) return undefined as never
  const door = new RuntimeDoor()
  afterEach(() => {
    const left = door.leftovers()
    for (const id of left) door.call(['delete', '--force', id])
    door.logged()
    assert.deepEqual(left, [])
  })
  after(() => door.remove())
  return door
}

/** Looks again and again, at most for so long. */
export async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`still not so: ${isSo}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
