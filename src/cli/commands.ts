/**
 * Every command by name; two words are a command of a group (`volume ls`). A command is loaded when it is called: only
 * `run`, which must be fast, stands in the chunk that every start loads.
 */
import type { Command } from './command.ts'
import { commandSpelled } from './groups.ts'
import { run } from './run/run.ts'

export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => run,
  create: async () => (await import('./run/create.ts')).create,
  start: async () => (await import('./container/start.ts')).start,
  stop: async () => (await import('./container/stop.ts')).stop,
  kill: async () => (await import('./container/kill.ts')).kill,
  restart: async () => (await import('./container/restart.ts')).restart,
  rm: async () => (await import('./container/rm.ts')).rm,
  rename: async () => (await import('./container/rename.ts')).rename,
  pause: async () => (await import('./container/pause.ts')).pause,
  unpause: async () => (await import('./container/unpause.ts')).unpause,
  wait: async () => (await import('./container/wait.ts')).wait,
  attach: async () => (await import('./container/attach.ts')).attach,
  logs: async () => (await import('./container/logs.ts')).logs,
  exec: async () => (await import('./container/exec.ts')).exec,
  plan: async () => (await import('./run/plan.ts')).plan,
  pull: async () => (await import('./image/pull.ts')).pull,
  push: async () => (await import('./image/push.ts')).push,
  'manifest inspect': async () => (await import('./image/manifest-inspect.ts')).manifestInspect,
  login: async () => (await import('./image/login.ts')).login,
  logout: async () => (await import('./image/logout.ts')).logout,
  search: async () => (await import('./image/search.ts')).search,
  images: async () => (await import('./image/images.ts')).images,
  load: async () => (await import('./image/load.ts')).load,
  rmi: async () => (await import('./image/rmi.ts')).rmi,
  commit: async () => (await import('./container/commit.ts')).commit,
  export: async () => (await import('./container/export.ts')).exportCommand,
  import: async () => (await import('./image/import.ts')).importCommand,
  save: async () => (await import('./image/save.ts')).save,
  tag: async () => (await import('./image/tag.ts')).tag,
  history: async () => (await import('./image/history.ts')).history,
  'image inspect': async () => (await import('./image/image-inspect.ts')).imageInspect,
  'image prune': async () => (await import('./image/image-prune.ts')).imagePrune,
  lab: async () => (await import('./lab/lab.ts')).lab,
  'lab view': async () => (await import('./lab/lab-view.ts')).labView,
  'diff-view': async () => (await import('./container/diff-view.ts')).diffView,
  'lab containers-vs-vms': async () => (await import('./lab/containers-vs-vms.ts')).containersVsVms,
  ps: async () => (await import('./container/ps.ts')).ps,
  stats: async () => (await import('./container/stats.ts')).stats,
  cp: async () => (await import('./container/cp.ts')).cp,
  diff: async () => (await import('./container/diff.ts')).diff,
  doctor: async () => (await import('./system/doctor.ts')).doctor,
  man: async () => (await import('./system/man.ts')).man,
  events: async () => (await import('./system/events.ts')).events,
  port: async () => (await import('./container/port.ts')).port,
  top: async () => (await import('./container/top.ts')).top,
  'network connect': async () => (await import('./network/network-connect.ts')).networkConnect,
  'network create': async () => (await import('./network/network-create.ts')).networkCreate,
  'network disconnect': async () => (await import('./network/network-connect.ts')).networkDisconnect,
  'network inspect': async () => (await import('./system/inspect.ts')).networkInspect,
  'network ls': async () => (await import('./network/network-ls.ts')).networkLs,
  'network prune': async () => (await import('./network/network-prune.ts')).networkPrune,
  'network reload': async () => (await import('./network/network-reload.ts')).networkReload,
  'network rm': async () => (await import('./network/network-rm.ts')).networkRm,
  'volume create': async () => (await import('./volume/volume-create.ts')).volumeCreate,
  'volume inspect': async () => (await import('./system/inspect.ts')).volumeInspect,
  'volume ls': async () => (await import('./volume/volume-ls.ts')).volumeLs,
  'volume prune': async () => (await import('./volume/volume-prune.ts')).volumePrune,
  'volume rm': async () => (await import('./volume/volume-rm.ts')).volumeRm,
  info: async () => (await import('./system/info.ts')).info,
  update: async () => (await import('./container/update.ts')).update,
  'container prune': async () => (await import('./container/container-prune.ts')).containerPrune,
  'system boot-unit': async () => (await import('./system/boot-unit.ts')).bootUnit,
  'system df': async () => (await import('./system/system-df.ts')).systemDf,
  'system prune': async () => (await import('./system/system-prune.ts')).systemPrune,
  inspect: async () => (await import('./system/inspect.ts')).inspect,
  'container inspect': async () => (await import('./system/inspect.ts')).containerInspect,
  version: async () => (await import('./system/version.ts')).version,
  completion: async () => (await import('./system/completion.ts')).completion,
  'leave-networks': async () => (await import('./container/leave-networks.ts')).leaveNetworks,
  'join-cni': async () => (await import('./container/join-cni.ts')).joinCniNetwork,
  'pull-for-run': async () => (await import('./image/pull-for-run.ts')).pullForRun,
  'publish-slirp': async () => (await import('./container/publish-slirp.ts')).publishSlirp,
  'remove-mapped': async () => (await import('./container/remove-mapped.ts')).removeMapped,
  'check-health': async () => (await import('./container/check-health.ts')).checkHealth,
  'explain-failure': async () => (await import('./explain-failure.ts')).explainFailure,
}

/** Docker's commands: those that have no row above get one clear error of their own. */
export const laterCommands: readonly string[] =
  'build builder buildx checkpoint compose config container context cp diff events image info inspect manifest node plugin port ps push secret service stack stats swarm system top trust update volume'.split(
    ' ',
  )

/**
 * The command that a line begins with, and the words after it.
 * @returns undefined where the first word is neither a command nor a group that has the second
 */
export function findCommand([first = '', second = '', ...rest]: readonly string[]):
  | { name: string; rest: string[] }
  | undefined {
  const pair = `${first} ${second}`
  if (Object.hasOwn(commands, pair)) return { name: pair, rest }
  const spelled = commandSpelled(first, second)
  if (spelled !== undefined && Object.hasOwn(commands, spelled)) return { name: spelled, rest }
  if (Object.hasOwn(commands, first)) return { name: first, rest: second === '' ? rest : [second, ...rest] }
  return undefined
}

/** Every command that people see, loaded: for help, completion and the manual. */
export async function visibleCommands(): Promise<[name: string, command: Command][]> {
  const loaded = await Promise.all(
    Object.entries(commands).map(async ([name, load]): Promise<[string, Command]> => [name, await load()]),
  )
  return loaded.filter(([, { hidden }]) => !hidden)
}
