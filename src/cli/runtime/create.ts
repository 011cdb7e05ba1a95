/** `tinyctr-runtime create` and `run`. */
import { cleanPath } from '../../engine/config/container-path.ts'
import { parseInteger } from '../../engine/config/integer.ts'
import { create as createContainer } from '../../runtime/create.ts'
import type { CreateMode } from '../../runtime/create-plan.ts'
import { beginPreparation } from '../../runtime/prepared-start.ts'
import type { FlagTable, FlagValues } from '../flag.ts'
import { type RuntimeInvocation, runtimeCommand } from './command.ts'

const createFlags = {
  bundle: { takes: 'one', short: 'b', value: 'DIR', help: 'The bundle (default: the current folder)' },
  config: {
    takes: 'one',
    short: 'f',
    value: 'FILE',
    help: "Read this file and not the bundle's config.json",
  },
  'console-socket': { takes: 'one', value: 'SOCKET', help: 'Who gets the terminal' },
  'no-new-keyring': { takes: 'nothing', help: "Keep the caller's session keyring" },
  'no-pivot': { takes: 'nothing', help: 'Move the root instead of pivot_root(2), on an initramfs' },
  'pid-file': { takes: 'one', value: 'FILE', help: 'Where to write the process id' },
  'pidfd-socket': { takes: 'one', value: 'SOCKET', help: 'Who gets a pidfd of the container' },
  'preserve-fds': {
    takes: 'one',
    value: 'N',
    parse: parseInteger,
    help: 'Keep N file descriptors from 3 on',
  },
} as const satisfies FlagTable

export const create = runtimeCommand({
  usage: '[OPTIONS] ID',
  summary: 'Create a container that waits to be started',
  flags: createFlags,
  least: 1,
  most: 1,
  execute: (invocation) => launch('create', invocation),
})

export const run = runtimeCommand({
  usage: '[OPTIONS] ID',
  summary: 'Create and start a container',
  flags: {
    ...createFlags,
    detach: { takes: 'nothing', short: 'd', help: 'Do not wait for its end' },
    keep: { takes: 'nothing', help: 'Leave its state when it has ended' },
    'no-subreaper': { takes: 'nothing', help: 'Accepted for compatibility: orphans are the caller’s anyway' },
  },
  least: 1,
  most: 1,
  execute: (invocation) =>
    launch(invocation.flags.detach ? 'run detached' : 'run', invocation, invocation.flags.keep),
})

function launch(
  mode: CreateMode,
  { flags, positionals, global }: RuntimeInvocation<typeof createFlags>,
  keep = false,
): Promise<never> {
  // An engine, which wants its pid, makes no container twice: its bundle is another each time.
  if (!flags['pid-file'] && !flags['preserve-fds'] && global.report.log === undefined) beginPreparation()
  return createContainer({
    mode,
    root: global.root,
    cache: global.cache,
    report: global.report,
    cgroupManager: global.cgroupManager,
    id: positionals[0] as string,
    bundle: absolute(flags.bundle ?? '.'),
    ...(keep ? { keep: true } : {}),
    ...optionsOf(flags),
  })
}

const absolute = (path: string): string => cleanPath(path.startsWith('/') ? path : `${process.cwd()}/${path}`)

function optionsOf(flags: FlagValues<typeof createFlags>) {
  const { 'pid-file': pidFile, 'console-socket': consoleSocket, 'preserve-fds': preserveFds } = flags
  return {
    ...(flags.config ? { configFile: absolute(flags.config) } : {}),
    ...(pidFile ? { pidFile: absolute(pidFile) } : {}),
    ...(consoleSocket ? { consoleSocket: absolute(consoleSocket) } : {}),
    ...(flags['pidfd-socket'] ? { pidfdSocket: absolute(flags['pidfd-socket']) } : {}),
    ...(preserveFds === undefined ? {} : { preserveFds }),
    ...(flags['no-pivot'] ? { noPivot: true } : {}),
    ...(flags['no-new-keyring'] ? { noNewKeyring: true } : {}),
  }
}
