/**
 * The built `tinyctr`, in folders and a cgroup that only this test file has. Nothing may be left when a test ends, and
 * when the file ends all of it goes.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, afterEach, before } from 'node:test'
import { bareEnvironment } from '../no-network.ts'
import { addImage, type ImageRecipe } from './image.ts'

export const binary = join(import.meta.dirname, '../../build/tinyctr')

/** For `test(name, { skip })`. */
export const skip: string | false =
  process.getuid?.() !== 0 ? 'needs root' : existsSync(binary) ? false : 'needs build/tinyctr (bin/build)'

/** The fixture under this name, in every store here. */
export const IMAGE = 'localhost/box:latest'

export interface Result {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly image?: string
  /** Milliseconds. */
  readonly timeout?: number
}

const cgroupMount = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) =>
  existsSync(`${path}/cgroup.controllers`),
)

export class Tinyctr {
  readonly folder = mkdtempSync('/dev/shm/tinyctr-test-')
  readonly root = join(this.folder, 'state')
  readonly dataRoot = join(this.folder, 'data')
  readonly cgroupParent = `/${basename(this.folder)}`

  /** Where the host has it. */
  get cgroupFolder(): string {
    return `${cgroupMount}${this.cgroupParent}`
  }

  get globalFlags(): string[] {
    return ['--root', this.root, '--data-root', this.dataRoot]
  }

  /** Any command line after the global flags. */
  command(args: readonly string[], { input, env, cwd, timeout = 60_000 }: RunOptions = {}): Result {
    return spawnSync(binary, [...this.globalFlags, ...args], {
      encoding: 'utf8',
      timeout,
      ...(input === undefined ? { stdio: ['ignore', 'pipe', 'pipe'] } : { input }),
      ...(env ? { env: { ...bareEnvironment, ...env } } : {}),
      ...(cwd ? { cwd } : {}),
    })
  }

  /** A shell that has the binary as $1 and then these, and must not be waited for by what it leaves behind. */
  shell(script: string, args: readonly string[]): Result {
    return spawnSync('/bin/sh', ['-c', script, 'sh', binary, ...args], { encoding: 'utf8', timeout: 20_000 })
  }

  runArguments(flags: readonly string[], command: readonly string[], image = IMAGE): string[] {
    return ['run', '--rm', '--cgroup-parent', this.cgroupParent, ...flags, image, ...command]
  }

  run(flags: readonly string[], command: readonly string[], options: RunOptions = {}): Result {
    return this.command(this.runArguments(flags, command, options.image), options)
  }

  /** What a shell script says inside; it must end well and leave stderr empty. */
  inside(flags: readonly string[], script: string, options: RunOptions = {}): string {
    const { status, stdout, stderr } = this.run(flags, ['/bin/sh', '-c', script], options)
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
    return stdout.replace(/\n$/, '')
  }

  /** Not waited for; its standard streams are pipes. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>): ChildProcess {
    return spawn(binary, [...this.globalFlags, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(env ? { env: { ...bareEnvironment, ...env } } : {}),
    })
  }

  /** Loads an image made of the fixture's layer, more entries and a config. */
  async image(name: string, recipe: ImageRecipe): Promise<string> {
    const layout = join(this.folder, 'layout')
    await addImage(layout, `localhost/${name}:latest`, recipe)
    const { status, stderr } = this.command(['load', '--quiet', '--input', layout])
    rmSync(layout, { recursive: true })
    assert.equal(status, 0, stderr)
    return `localhost/${name}:latest`
  }

  /** Everything a container has on the host that is still there. */
  leftovers(): string[] {
    const states = names(this.root).filter((path) => !/\/(seccomp|networks|starts)$/.test(path))
    const layers = names(join(this.dataRoot, 'containers'))
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(this.folder) && !line.includes(`${this.folder}/own`))
    const cgroups = names(this.cgroupFolder, true)
    return [...states, ...layers, ...mounts, ...cgroups, ...this.processes()]
  }

  /** Processes that see a mount of ours: monitors do not, containers do. */
  private processes(): string[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) => {
        try {
          const lines = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n')
          return lines.some((line) => line.includes(`upperdir=${this.folder}`))
        } catch {
          return false // it has ended
        }
      })
      .map((pid) => `process ${pid}`)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
    try {
      rmdirSync(this.cgroupFolder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

const names = (folder: string, onlyFolders = false): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => !onlyFolders || entry.isDirectory())
        .map((entry) => join(folder, entry.name))
    : []

/** One for a test file: loaded before its tests, searched for leftovers after each, removed at the end. */
export function tinyctrForTests(): Tinyctr {
  if (skip) return undefined as never
  const tinyctr = new Tinyctr()
  before(() => tinyctr.image('box', {}))
  afterEach(() => assert.deepEqual(tinyctr.leftovers(), []))
  after(() => tinyctr.remove())
  return tinyctr
}
