/** The container's folder below `--data-root` as steps of its plan: layer, record, name, status. */
import { O } from '../../linux/abi/arch.ts'
import { AT, F } from '../../linux/abi/flags.ts'
import { STATUS } from '../../plan/detached.ts'
import { call, composed, each, type Step, slot, struct } from '../../plan/step.ts'
import type { ContainerPlanInput } from '../container-plan.ts'

export interface RecordInput {
  /** Files to write, by name; none where the container was made before. */
  readonly files: Readonly<Record<string, string>>
  /** The symlink that is its name, and the id it leads to. */
  readonly name?: { readonly path: string; readonly id: string }
  /** It stays when the container ends. */
  readonly keep: boolean
}

/** Filled by the step that makes it: what was not made here is somebody else's, and not ours to remove. */
const OWN_LAYER = slot('own_layer')
const WRLCK = 1

/** Whether the container was made before, and is only started. */
const isOld = ({ record }: ContainerPlanInput): boolean =>
  record !== undefined && Object.keys(record.files).length === 0

export function layerSteps(input: ContainerPlanInput): Step[] {
  const { layer } = input
  if (!layer || isOld(input)) return []
  const { folder } = layer
  const made = call(
    'mkdirat',
    [AT.FDCWD, each([folder, `${folder}/upper`, `${folder}/work`]), each([0o700, 0o755, 0o700])],
    {
      into: each([OWN_LAYER, slot('upper'), slot('work')]),
      unless: STATUS,
      why: 'the writable layer',
      at: '--data-root',
    },
  )
  return [made]
}

export function recordSteps(input: ContainerPlanInput): Step[] {
  const { layer, record } = input
  if (!layer || !record) return []
  const at = '--data-root'
  const { folder } = layer
  return [
    ...(record.name ? nameSteps(record.name) : []),
    ...fileSteps(folder, record.files),
    call('openat', [AT.FDCWD, `${folder}/status`, O.RDWR | O.CREAT | O.APPEND | O.CLOEXEC, 0o600], {
      into: STATUS,
      unless: STATUS,
      why: 'what happens to it, a line each',
      at,
    }),
    call('fcntl', [STATUS, F.SETLK, struct('flock', { l_type: WRLCK })], {
      why: 'whoever finds it unlocked knows that nobody waits for the container',
      at,
    }),
  ]
}

const nameSteps = ({ path, id }: NonNullable<RecordInput['name']>): Step[] => [
  call('symlinkat', [id, AT.FDCWD, path], {
    unless: STATUS,
    why: 'its name, which nobody else has',
    at: '--name',
  }),
]

function fileSteps(folder: string, files: RecordInput['files']): Step[] {
  const names = Object.keys(files)
  if (names.length === 0) return []
  const at = '--data-root'
  const opened = each(names.map((name) => slot(`record_${name.replaceAll('.', '_')}`)))
  return [
    call(
      'openat',
      [
        AT.FDCWD,
        each(names.map((name) => `${folder}/${name}`)),
        O.WRONLY | O.CREAT | O.EXCL | O.CLOEXEC,
        0o600,
      ],
      { into: opened, unless: STATUS, why: 'what is kept of the container', at },
    ),
    call('write', [opened, each(names.map((name) => files[name] as string))], {
      unless: STATUS,
      why: 'their text',
      at,
    }),
  ]
}

/** A container that is kept is removed by `rm`. */
export function removeLayerSteps(input: ContainerPlanInput): Step[] {
  const { layer, record, removeMapped } = input
  if (!layer || record?.keep) return []
  const at = '--data-root'
  const own = isOld(input) ? [] : [OWN_LAYER]
  return [
    ...(record?.name
      ? [
          call('unlinkat', [AT.FDCWD, record.name.path, 0], {
            tolerate: ['ENOENT'],
            why: 'its name is free again',
            at: '--name',
          }),
        ]
      : []),
    ...(removeMapped
      ? [
          composed('spawn', [[...removeMapped, layer.folder], ...own], {
            why: 'what the container wrote under mapped ids',
            at,
          }),
        ]
      : []),
    composed('remove_tree', [layer.folder, ...own], { why: 'what the container wrote', at }),
  ]
}
