/**
 * `linux.intelRdt`: the share of caches and memory bandwidth (Documentation/arch/x86/resctrl.rst): a group is a folder of
 * the resctrl filesystem, its limits are a file in it, its members the ids in another.
 */
import { ConfigError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AT } from '../linux/abi/flags.ts'
import type { Config, IntelRdt } from '../oci/runtime-spec.ts'
import type { Host } from './host.ts'
import { barrier, call, each, PID, type Step, slot, template } from './step.ts'

const at = '/linux/intelRdt'
const COMPLETE = 9
const LIMITED = 10

const isAsked = (rdt: IntelRdt | undefined): rdt is IntelRdt =>
  rdt !== undefined && Object.keys(rdt).length > 0

interface Group {
  readonly folder: string
  readonly schemata: string
  /** A group of its own to be counted in, where that is asked for. */
  readonly monitored: string | undefined
}

/** @throws ConfigError, in runc's words where it has some */
function groupOf({ linux }: Config, { resctrl }: Host, id: string | undefined): Group | undefined {
  const rdt = linux?.intelRdt
  if (!isAsked(rdt)) return undefined
  if (!resctrl)
    throw new ConfigError(
      at,
      'intelRdt is specified in config, but Intel RDT is not supported or enabled: expected the resctrl filesystem at /sys/fs/resctrl',
    )
  const name = rdt.closID || id
  if (name === undefined)
    throw new ConfigError(at, 'expected a closID: this container has no id to name a group')
  if (name === '.' || name === '..' || (name.includes('/') && name !== '/'))
    throw new ConfigError(`${at}/closID`, `expected the name of a group but found "${name}"`)
  const folder = name === '/' ? resctrl.mount : `${resctrl.mount}/${name}`
  return {
    folder,
    schemata: schemataOf(rdt),
    monitored: rdt.enableMonitoring && id !== undefined ? `${folder}/mon_groups/${id}` : undefined,
  }
}

/** A line for each resource; memBwSchema goes before an MB line of l3CacheSchema. */
export function schemataOf({ l3CacheSchema = '', memBwSchema = '', schemata = [] }: IntelRdt): string {
  const l3 = l3CacheSchema.split('\n').filter((line) => memBwSchema === '' || !line.startsWith('MB:'))
  const lines = [...l3, memBwSchema, ...schemata].map((line) => line.trim()).filter((line) => line !== '')
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

/** A group that has a name and is there already is somebody else's: it is joined, if it is what was asked for. */
function isThere({ linux }: Config, { resctrl }: Host, schemata: string): boolean {
  const name = linux?.intelRdt?.closID
  const existing = name ? resctrl?.groups[name] : undefined
  if (existing === undefined) return false
  const lines = existing.split('\n').map(plain)
  const missing = schemata.split('\n').find((line) => line !== '' && !lines.includes(plain(line)))
  if (missing !== undefined)
    throw new ConfigError(
      at,
      `expected ${missing} in the schemata of the group ${name}, which is there already`,
    )
  return true
}

/** `    L3:0=00f;1=0f` and `L3:0=f;1=f` say the same. */
const plain = (line: string): string =>
  line
    .trim()
    .toLowerCase()
    .replace(/=0+(?=[0-9a-f])/g, '=')

/** Host, before the container: the group and its limits. */
export function rdtGroupSteps(config: Config, host: Host, id: string | undefined): Step[] {
  const group = groupOf(config, host, id)
  if (!group) return []
  const exists = isThere(config, host, group.schemata)
  const opened = slot('schemata')
  const folders = [group.folder, ...(group.monitored ? [group.monitored] : [])]
  return [
    call('mkdirat', [AT.FDCWD, each(folders), 0o755], { tolerate: ['EEXIST'], why: 'the group', at }),
    ...(group.schemata === '' || exists
      ? []
      : [
          call('openat', [AT.FDCWD, `${group.folder}/schemata`, O.WRONLY | O.CLOEXEC, 0], {
            into: opened,
            why: 'its share of each resource',
            at,
          }),
          call('write', [opened, group.schemata], { why: 'as asked', at }),
        ]),
  ]
}

/** Host, when the container has its last process id. */
export function joinRdtGroupSteps(config: Config, host: Host, id: string | undefined): Step[] {
  const group = groupOf(config, host, id)
  if (!group) return []
  const folders = [group.folder, ...(group.monitored ? [group.monitored] : [])]
  return [
    barrier(COMPLETE, 'wait', 'the container is the process that it stays'),
    ...folders.flatMap((folder, i) => {
      const tasks = slot(`tasks_${i}`)
      return [
        call('openat', [AT.FDCWD, `${folder}/tasks`, O.WRONLY | O.CLOEXEC, 0], {
          into: tasks,
          why: 'who is in the group',
          at,
        }),
        call('write', [tasks, template('', PID, '')], { why: 'the container, and all that it starts', at }),
      ]
    }),
    barrier(LIMITED, 'signal', 'it has its share'),
  ]
}

/** Container, before its program. */
export const awaitRdtSteps = ({ linux }: Config): Step[] =>
  !isAsked(linux?.intelRdt)
    ? []
    : [
        barrier(COMPLETE, 'signal', 'nobody comes between us and the program any more'),
        barrier(LIMITED, 'wait', 'until we have our share of caches and bandwidth'),
      ]

/** What goes with the container, innermost first: a group that the caller has named stays. */
export function rdtFolders({ linux }: Config, mount: string, id: string): string[] {
  const { closID, enableMonitoring } = linux?.intelRdt ?? {}
  if (!isAsked(linux?.intelRdt)) return []
  const group = closID === '/' ? mount : `${mount}/${closID || id}`
  return [...(enableMonitoring ? [`${group}/mon_groups/${id}`] : []), ...(closID ? [] : [group])]
}

export function rdtCleanup(config: Config, { resctrl }: Host, id: string | undefined): Step[] {
  const folders = resctrl && id !== undefined ? rdtFolders(config, resctrl.mount, id) : []
  if (folders.length === 0) return []
  return [
    call('unlinkat', [AT.FDCWD, each(folders), AT.REMOVEDIR], {
      tolerate: ['ENOENT', 'ENOTDIR', 'EBUSY'],
      why: 'the group goes with the container',
      at,
    }),
  ]
}
