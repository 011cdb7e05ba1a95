/** What a step works on, told from the plan: the file behind a slot, the path behind a directory and a name. */

import { repetition } from '../../plan/repetition.ts'
import { ROOT } from '../../plan/rootfs.ts'
import { type CallStep, isEach, type Step } from '../../plan/step.ts'
import type { Kind, Slot } from '../abi/kinds.ts'
import { isSlot, isTemplate } from '../abi/kinds.ts'
import { SYSCALLS } from '../abi/syscalls.ts'

/**
 * @param before the steps that were made before
 * @param i which repetition
 * @returns a path of the container or of the host, a filesystem type; undefined where the plan does not tell
 */
export function objectOf(step: Step, before: readonly Step[], i = 0): string | undefined {
  if (step.is === 'composed') return text([step.args[0]].flat()[0])
  if (step.is !== 'call') return undefined
  const args = step.args.map((argument) => repetition(argument, i))
  if (step.call === 'connect') return (args[1] as { sun_path?: string }).sun_path
  const row = (SYSCALLS[step.call] as readonly unknown[]).slice(2) as (readonly [string, Kind])[]
  const kinds = row.map(([, kind]) => kind).filter((kind) => kind !== 'sizeof' && kind !== 'countof')
  // The last pair: move_mount(2) has two, and what fails is the target.
  const directory = kinds.lastIndexOf('dirfd')
  if (directory >= 0 && kinds[directory + 1] === 'path')
    return join(placeOf(args[directory], before), text(args[directory + 1]))
  if (kinds[0] === 'fd') return placeOf(args[0], before)
  return text(args[kinds.indexOf('path')])
}

/** What an open descriptor is. */
function placeOf(fd: unknown, before: readonly Step[]): string | undefined {
  if (!isSlot(fd)) return ''
  // Paths are the container's.
  if (fd.slot === ROOT.slot) return '/'
  const attached = before.findLastIndex(
    (step) => step.is === 'call' && step.call === 'move_mount' && isSame(step.args[0], fd),
  )
  const at =
    attached >= 0 ? attached : before.findLastIndex((step) => step.is === 'call' && fills(step, fd) >= 0)
  const step = before[at]
  return step?.is === 'call' ? objectOf(step, before.slice(0, at), Math.max(0, fills(step, fd))) : undefined
}

const isSame = (one: unknown, fd: Slot): boolean => isSlot(one) && one.slot === fd.slot

/** Which repetition of the step fills the slot; -1 for none. */
function fills({ into }: CallStep, fd: Slot): number {
  const slots = into === undefined ? [] : isEach(into) ? into.each : [into]
  return slots.findIndex((one) => one.slot === fd.slot)
}

function text(argument: unknown): string | undefined {
  if (typeof argument === 'string') return argument
  if (isTemplate(argument)) return `${argument.before}$${argument.slot.slot}${argument.after}`
  return undefined
}

function join(folder: string | undefined, path: string | undefined): string | undefined {
  if (!path || path.startsWith('/')) return path || folder
  return folder ? `${folder.replace(/\/$/, '')}/${path}` : path
}
