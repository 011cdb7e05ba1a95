/** Every command of `tinyctr-runtime`, loaded when it is called. */
import type { FlagTable } from '../flag.ts'
import type { RuntimeCommand } from './command.ts'

export const runtimeGlobalFlags = {
  'cgroup-manager': {
    takes: 'one',
    value: 'MANAGER',
    choices: ['cgroupfs', 'systemd', 'disabled'],
    help: "Who makes cgroups (crun's flag, which podman uses)",
  },
  debug: { takes: 'nothing', help: 'Accepted for compatibility: nothing more is logged' },
  log: { takes: 'one', value: 'FILE', help: 'Where errors are written as well' },
  'log-format': { takes: 'one', value: 'FORMAT', choices: ['text', 'json'], help: 'How (default text)' },
  root: { takes: 'one', value: 'DIR', help: 'State of containers (default /run/tinyctr-runtime)' },
  rootless: { takes: 'one', value: 'BOOL', help: 'Accepted for compatibility: found out by itself' },
  'systemd-cgroup': {
    takes: 'nothing',
    help: 'Make cgroups through systemd; cgroupsPath is slice:prefix:name',
  },
  version: { takes: 'nothing', short: 'v', help: 'Print version and exit' },
} as const satisfies FlagTable

export const runtimeCommands: Readonly<Record<string, () => Promise<RuntimeCommand>>> = {
  checkpoint: async () => (await import('./checkpoint.ts')).checkpoint,
  create: async () => (await import('./create.ts')).create,
  delete: async () => (await import('./delete.ts')).deleteCommand,
  events: async () => (await import('./events.ts')).events,
  exec: async () => (await import('./exec.ts')).exec,
  features: async () => (await import('./features.ts')).features,
  kill: async () => (await import('./kill.ts')).kill,
  list: async () => (await import('./list.ts')).list,
  pause: async () => (await import('./freeze.ts')).pause,
  ps: async () => (await import('./ps.ts')).ps,
  resume: async () => (await import('./freeze.ts')).resume,
  restore: async () => (await import('./restore.ts')).restore,
  run: async () => (await import('./create.ts')).run,
  spec: async () => (await import('./spec.ts')).spec,
  start: async () => (await import('./start.ts')).start,
  state: async () => (await import('./state.ts')).state,
  update: async () => (await import('./update.ts')).update,
}
