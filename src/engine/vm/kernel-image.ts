/**
 * A kernel of this host as it lies in /boot, and the modules that a machine needs of it. `TINYCTR_VM_KERNEL` names
 * another one; its modules are looked for beside it, as a package unpacks them.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { release as runningRelease } from 'node:os'
import { dirname, join } from 'node:path'

export interface KernelImage {
  readonly path: string
  readonly release: string
  /** The folder of its modules. */
  readonly modules: string
}

const PREFIX = 'vmlinuz-'

/** The one that runs, or the newest. */
export function findKernelImage(): KernelImage | undefined {
  const named = process.env.TINYCTR_VM_KERNEL
  const found = named === undefined ? kernelsIn('/boot') : [named]
  for (const path of found) {
    const release = path.slice(path.lastIndexOf(PREFIX) + PREFIX.length)
    const modules = [join(dirname(path), '../lib/modules', release), `/lib/modules/${release}`]
    const folder = modules.find((one) => existsSync(join(one, 'modules.order')))
    if (folder !== undefined && existsSync(path)) return { path, release, modules: folder }
  }
  return undefined
}

function kernelsIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  const newestFirst = new Intl.Collator('en', { numeric: true })
  const names = readdirSync(folder).filter((name) => name.startsWith(PREFIX))
  const isRunning = (name: string): number => (name === PREFIX + runningRelease() ? 0 : 1)
  return names
    .sort((a, b) => isRunning(a) - isRunning(b) || newestFirst.compare(b, a))
    .map((name) => join(folder, name))
}

/**
 * The modules named, each after those that it needs, decompressed. What is built in needs no module.
 * @throws Error that names a module that this kernel has neither way
 */
export function readModules(kernel: KernelImage, names: readonly string[]): Uint8Array[] {
  const list = (file: string): Map<string, string> =>
    new Map(
      readFileSync(join(kernel.modules, file), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => [moduleName(line), line] as const),
    )
  const [loadable, builtIn] = [list('modules.order'), list('modules.builtin')]
  const loaded = new Map<string, Uint8Array>()
  const load = (name: string): void => {
    if (loaded.has(name) || builtIn.has(name)) return
    const path = loadable.get(name)
    if (path === undefined) throw new Error(`the kernel ${kernel.release} has no ${name}`)
    const content = readModule(join(kernel.modules, path))
    for (const needed of dependencies(content)) load(needed)
    loaded.set(name, content)
  }
  for (const name of names) load(name)
  return [...loaded.values()]
}

/** `kernel/fs/9p/9p.ko` is `9p`; a dash in a file's name is an underscore everywhere else. */
const moduleName = (path: string): string =>
  path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\.ko.*$/, '')
    .replaceAll('-', '_')

const COMPRESSED = { '.xz': 'xz', '.zst': 'zstd', '.gz': 'gzip' } as const

function readModule(path: string): Uint8Array {
  if (existsSync(path)) return readFileSync(path)
  for (const [suffix, program] of Object.entries(COMPRESSED)) {
    if (!existsSync(path + suffix)) continue
    return execFileSync(program, ['-dc', path + suffix], { maxBuffer: 2 ** 28 })
  }
  throw new Error(`${path} is not there`)
}

/** `depends=a,b` in its section .modinfo, which is a list of words that end in NUL. */
function dependencies(module: Uint8Array): string[] {
  const bytes = Buffer.from(module.buffer, module.byteOffset, module.length)
  const at = bytes.indexOf('\0depends=')
  if (at < 0) return []
  const text = bytes.toString('latin1', at + 9, bytes.indexOf(0, at + 1))
  return text
    .split(',')
    .filter((name) => name !== '')
    .map((name) => name.replaceAll('-', '_'))
}
