/**
 * Every command by name; two words are a command of a group (`volume ls`). A command is loaded when it is called: only
 * `run`, which must be fast, stands in the chunk that every start loads.
 */
import type { Command } from './command.ts'
import { commandSpelled } from './groups.ts'
import { run } from './run.ts'

export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => run,
  create: async () => (await import('./create.ts')).create,
  start: async () => (await import('./start.ts')).start,
  stop: async () => (await import('./stop.ts')).stop,
  kill: async () => (await import('./kill.ts')).kill,
  restart: async () => (await import('./restart.ts')).restart,
  rm: async () => (await import('./rm.ts')).rm,
  rename: async () => (await import('./rename.ts')).rename,
  pause: async () => (await import('./pause.ts')).pause,
  unpause: async () => (await import('./unpause.ts')).unpause,
  wait: async () => (await import('./wait.ts')).wait,
  attach: async () => (await import('./attach.ts')).attach,
  logs: async () => (await import('./logs.ts')).logs,
  exec: async () => (await import('./exec.ts')).exec,
  plan: async () => (await import('./plan.ts')).plan,
  pull: async () => (await import('./pull.ts')).pull,
  push: async () => (await import('./push.ts')).push,
  'manifest inspect': async () => (await import('./manifest-inspect.ts')).manifestInspect,
  login: async () => (await import('./login.ts')).login,
  logout: async () => (await import('./logout.ts')).logout,
  search: async () => (await import('./search.ts')).search,
  images: async () => (await import('./images.ts')).images,
  load: async () => (await import('./load.ts')).load,
  rmi: async () => (await import('./rmi.ts')).rmi,
  commit: async () => (await import('./commit.ts')).commit,
  export: async () => (await import('./export.ts')).exportCommand,
  import: async () => (await import('./import.ts')).importCommand,
  save: async () => (await import('./save.ts')).save,
  tag: async () => (await import('./tag.ts')).tag,
  history: async () => (await import('./history.ts')).history,
  'image inspect': async () => (await import('./image-inspect.ts')).imageInspect,
  'image prune': async () => (await import('./image-prune.ts')).imagePrune,
  lab: async () => (await import('./lab.ts')).lab,
  'lab view': async () => (await import('./lab-view.ts')).labView,
  'diff-view': async () => (await import('./diff-view.ts')).diffView,
  'lab containers-vs-vms': async () => (await import('./containers-vs-vms.ts')).containersVsVms,
  ps: async () => (await import('./ps.ts')).ps,
  stats: async () => (await import('./stats.ts')).stats,
  cp: async () => (await import('./cp.ts')).cp,
  diff: async () => (await import('./diff.ts')).diff,
  doctor: async () => (await import('./doctor.ts')).doctor,
  man: async () => (await import('./man.ts')).man,
  events: async () => (await import('./events.ts')).events,
  port: async () => (await import('./port.ts')).port,
  top: async () => (await import('./top.ts')).top,
  'network connect': async () => (await import('./network-connect.ts')).networkConnect,
  'network create': async () => (await import('./network-create.ts')).networkCreate,
  'network disconnect': async () => (await import('./network-connect.ts')).networkDisconnect,
  'network inspect': async () => (await import('./inspect.ts')).networkInspect,
  'network ls': async () => (await import('./network-ls.ts')).networkLs,
  'network prune': async () => (await import('./network-prune.ts')).networkPrune,
  'network rm': async () => (await import('./network-rm.ts')).networkRm,
  'volume create': async () => (await import('./volume-create.ts')).volumeCreate,
  'volume inspect': async () => (await import('./inspect.ts')).volumeInspect,
  'volume ls': async () => (await import('./volume-ls.ts')).volumeLs,
  'volume prune': async () => (await import('./volume-prune.ts')).volumePrune,
  'volume rm': async () => (await import('./volume-rm.ts')).volumeRm,
  info: async () => (await import('./info.ts')).info,
  update: async () => (await import('./update.ts')).update,
  'container prune': async () => (await import('./container-prune.ts')).containerPrune,
  'system df': async () => (await import('./system-df.ts')).systemDf,
  'system prune': async () => (await import('./system-prune.ts')).systemPrune,
  inspect: async () => (await import('./inspect.ts')).inspect,
  'container inspect': async () => (await import('./inspect.ts')).containerInspect,
  version: async () => (await import('./version.ts')).version,
  completion: async () => (await import('./completion.ts')).completion,
  'leave-networks': async () => (await import('./leave-networks.ts')).leaveNetworks,
  'remove-mapped': async () => (await import('./remove-mapped.ts')).removeMapped,
  'check-health': async () => (await import('./check-health.ts')).checkHealth,
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
