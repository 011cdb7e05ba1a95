/**
 * The container's tree while it grows: which slots hold which mounts, and how a destination is reached from them.
 *
 * Whatever an image or a volume may hold is resolved with openat2(2), RESOLVE_IN_ROOT, component by component, so a
 * symlink in it leads to a place inside (CVE-2021-30465, CVE-2024-45310). What the kernel or this plan has just made
 * (proc, sysfs, a fresh tmpfs) holds no surprise and is addressed directly.
 */

import { ConfigError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AT, MOVE_MOUNT, RESOLVE, S } from '../linux/abi/flags.ts'
import type { Slot } from '../linux/abi/kinds.ts'
import { call, type Step, slot } from './step.ts'

/** `image`: may hold symlinks of others. `fresh`: empty until this plan fills it. `kernel`: nothing can be made in it. */
export type Contents = 'image' | 'fresh' | 'kernel'

interface Grown {
  readonly path: string
  readonly slot: Slot
  readonly contents: Contents
}

/** Container paths that must not be reached through a symlink (CVE-2019-19921, CVE-2026-41579). */
export const NEVER_SYMLINKS = new Set(['/proc', '/sys', '/dev'])

export const components = (path: string): string[] =>
  path.split('/').filter((part) => part !== '' && part !== '.')

/** Absolute, without `.`, `..` and doubled slashes. `..` goes up as text, before any symlink is looked at. */
export function normalize(path: string): string {
  const kept: string[] = []
  for (const part of components(path)) {
    if (part === '..') kept.pop()
    else kept.push(part)
  }
  return `/${kept.join('/')}`
}

export class Tree {
  private readonly grown: Grown[]
  private readonly names = new Map<string, number>()
  private readonly made = new Map<string, Slot>()
  private parked: string | undefined
  private attachParked: (() => Step[]) | undefined

  constructor(root: Slot) {
    this.grown = [{ path: '/', slot: root, contents: 'image' }]
  }

  /**
   * A slot named after the end of a path: `$/shm` for /dev/shm. The slash sets it apart from every other slot of the
   * plan: whoever names a mount /mnt/null must not put it in the place of `$null`.
   */
  name(path: string): Slot {
    const base = `/${(components(path).at(-1) ?? '').replace(/[^a-zA-Z0-9_]/g, '_')}`
    const used = (this.names.get(base) ?? 0) + 1
    this.names.set(base, used)
    return slot(used === 1 ? base : `${base}.${used}`)
  }

  /** The mount at exactly `path`, if this plan made one. */
  at(path: string): Slot | undefined {
    return this.grown.findLast((one) => one.path === path)?.slot
  }

  /** The mount at `path` takes its place in the order of mounts when it is attached, and appears with `unpark`. */
  park(path: string): void {
    this.parked = path
  }

  unpark(): Step[] {
    this.parked = undefined
    return this.attachParked?.() ?? []
  }

  /** Steps that attach the detached mount in `mount` at `path`, making the mount point if it is missing. */
  attach(mount: Slot, path: string, kind: 'directory' | 'file', contents: Contents, at: string): Step[] {
    if (path === '/')
      throw new ConfigError(at, 'expected a path below / but found /: the root comes from root.path')
    if (path === this.parked) {
      this.attachParked = () => this.attach(mount, path, kind, contents, at)
      return [
        // On top of the host's root, which no path leads to the top of, and which goes at pivot_root.
        call('move_mount', [mount, '', AT.FDCWD, '/', MOVE_MOUNT.F_EMPTY_PATH], {
          why: 'its place among the mounts; the image cannot reach it there',
          at,
        }),
      ]
    }
    const tree = this.locate(path)
    const relative = components(path.slice(tree.path.length))
    const why = `attach it at ${path}`
    const steps =
      tree.contents === 'image' && !NEVER_SYMLINKS.has(path)
        ? this.attachInImage(tree, relative, mount, kind, path, at)
        : [
            ...this.makeDirectly(tree, relative, kind, at),
            call('move_mount', [mount, '', tree.slot, relative.join('/'), MOVE_MOUNT.F_EMPTY_PATH], {
              why,
              at,
            }),
          ]
    this.grown.push({ path, slot: mount, contents })
    return steps
  }

  /** Steps that open the directory at `path`, making it if it is missing; and the slot that holds it. */
  directory(path: string, at: string): { slot: Slot; steps: Step[] } {
    const mounted = this.at(path)
    if (mounted) return { slot: mounted, steps: [] }
    const tree = this.locate(path)
    const relative = components(path.slice(tree.path.length))
    return this.openDirectory(tree, relative, at)
  }

  private locate(path: string): Grown {
    let best = this.grown[0] as Grown
    for (const one of this.grown) {
      const below = one.path === '/' || path === one.path || path.startsWith(`${one.path}/`)
      if (below && path !== one.path && one.path.length >= best.path.length) best = one
    }
    return best
  }

  private attachInImage(
    tree: Grown,
    relative: string[],
    mount: Slot,
    kind: 'directory' | 'file',
    path: string,
    at: string,
  ): Step[] {
    const parents = relative.slice(0, -1)
    const name = relative.at(-1) as string
    const parent = this.openDirectory(tree, parents, at)
    const target = this.name(`${path}_target`)
    const existing = ['EEXIST', 'EROFS']
    return [
      ...parent.steps,
      kind === 'directory'
        ? call('mkdirat', [parent.slot, name, 0o755], {
            tolerate: existing,
            why: `make the mount point ${path}`,
            at,
          })
        : // Not openat(O_CREAT): a root with a file open for writing cannot become read-only.
          call('mknodat', [parent.slot, name, S.IFREG | 0o644, 0], {
            tolerate: existing,
            why: `make the mount point ${path}, a file`,
            at,
          }),
      call(
        'openat2',
        [tree.slot, relative.join('/'), { flags: O.PATH | O.CLOEXEC, resolve: RESOLVE.IN_ROOT }],
        {
          into: target,
          why: `find ${path} inside the root: a symlink must not lead out`,
          at,
        },
      ),
      call('move_mount', [mount, '', target, '', MOVE_MOUNT.F_EMPTY_PATH | MOVE_MOUNT.T_EMPTY_PATH], {
        why: `attach it at ${path}`,
        at,
      }),
    ]
  }

  private openDirectory(tree: Grown, relative: string[], at: string): { slot: Slot; steps: Step[] } {
    const steps: Step[] = []
    let parent = tree.slot
    for (let depth = 1; depth <= relative.length; depth++) {
      const inner = relative.slice(0, depth).join('/')
      const full = `${tree.path === '/' ? '' : tree.path}/${inner}`
      const known = this.made.get(`${tree.slot.slot}:${full}`)
      if (known) {
        parent = known
        continue
      }
      const opened = this.name(full)
      const nofollow = NEVER_SYMLINKS.has(full) ? O.NOFOLLOW : 0
      steps.push(
        call('mkdirat', [parent, relative[depth - 1] as string, 0o755], {
          tolerate: ['EEXIST', 'EROFS'],
          why: `make ${full} if the image lacks it`,
          at,
        }),
        call(
          'openat2',
          [
            tree.slot,
            inner,
            { flags: O.PATH | O.DIRECTORY | O.CLOEXEC | nofollow, resolve: RESOLVE.IN_ROOT },
          ],
          { into: opened, why: `find ${full} inside the root`, at },
        ),
      )
      this.made.set(`${tree.slot.slot}:${full}`, opened)
      parent = opened
    }
    return { slot: parent, steps }
  }

  private makeDirectly(tree: Grown, relative: string[], kind: 'directory' | 'file', at: string): Step[] {
    if (tree.contents === 'kernel') return []
    const tolerate = ['EEXIST', 'EROFS']
    const path = (depth: number): string => relative.slice(0, depth).join('/')
    const parents = relative.slice(0, -1).map((_, i) =>
      call('mkdirat', [tree.slot, path(i + 1), 0o755], {
        tolerate,
        why: 'make the way to the mount point',
        at,
      }),
    )
    const whole = path(relative.length)
    const why = `make the mount point ${tree.path === '/' ? '' : tree.path}/${whole}`
    return [
      ...parents,
      kind === 'directory'
        ? call('mkdirat', [tree.slot, whole, 0o755], { tolerate, why, at })
        : call('mknodat', [tree.slot, whole, S.IFREG | 0o644, 0], { tolerate, why, at }),
    ]
  }
}

/** The whole root, or a mount, changed in place. */
export const EMPTY_PATH_RECURSIVE = AT.EMPTY_PATH | AT.RECURSIVE
