/** Where bind mounts come from: paths of the host, and what is below them. */
import { O } from '../linux/abi/arch.ts'
import { AT, OPEN_TREE, RESOLVE } from '../linux/abi/flags.ts'
import type { Slot } from '../linux/abi/kinds.ts'
import type { Config, Mount } from '../oci/runtime-spec.ts'
import { isBind, type MountOptions, parseMountOptions } from './mount-options.ts'
import { call, type Step, slot } from './step.ts'

export const sourceOf = (mount: Mount, bundle: string): string =>
  mount.source?.startsWith('/') ? mount.source : `${bundle}/${mount.source ?? ''}`

/** Every path that a bind mount of the config starts from. */
export const bindSources = (config: Config, bundle: string): string[] =>
  (config.mounts ?? []).filter(isBind).map((mount) => boundPath(mount, bundle))

/** What a bind mount shows. */
export function boundPath(mount: Mount, bundle: string): string {
  const { subdirectory } = parseMountOptions(mount.options)
  const source = sourceOf(mount, bundle)
  return subdirectory === undefined ? source : `${source}/${subdirectory}`
}

/** A detached copy of a host tree: the source of a bind mount. */
export function cloneTree(source: string, options: MountOptions, into: Slot, at: string): Step[] {
  const flags = OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | (options.bind === 'rbind' ? AT.RECURSIVE : 0)
  const steps: Step[] =
    options.subdirectory === undefined
      ? [call('open_tree', [AT.FDCWD, source, flags], { into, why: `a detached copy of ${source}`, at })]
      : cloneBelow(source, options.subdirectory, flags, into, at)
  if (options.set || options.clear) {
    const attr = { attr_set: options.set, attr_clr: options.clear }
    steps.push(
      call('mount_setattr', [into, '', AT.EMPTY_PATH, attr], {
        why: 'its own flags, before anyone sees it',
        at,
      }),
    )
  }
  return steps
}

/** Whoever writes to a volume may swap a folder for a symlink at any time: none is followed. */
function cloneBelow(source: string, path: string, flags: number, into: Slot, at: string): Step[] {
  const [root, found] = [slot(`${into.slot}_volume`), slot(`${into.slot}_below`)]
  const resolve = RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS | RESOLVE.NO_MAGICLINKS
  return [
    call('openat', [AT.FDCWD, source, O.PATH | O.DIRECTORY | O.CLOEXEC, 0], {
      into: root,
      why: 'the volume',
      at,
    }),
    call('openat2', [root, path, { flags: O.PATH | O.CLOEXEC, resolve }], {
      into: found,
      why: `${path} in it, by no symlink`,
      at,
    }),
    call('open_tree', [found, '', flags | AT.EMPTY_PATH], { into, why: 'a detached copy of it', at }),
  ]
}
