/** `tinyctr-runtime exec`. */
import { cleanPath } from '../../engine/config/container-path.ts'
import { parseInteger } from '../../engine/config/integer.ts'
import { StateError } from '../../errors.ts'
import { exec as execInContainer } from '../../runtime/exec.ts'
import { beginPreparation } from '../../runtime/prepared-start.ts'
import { readConfig } from '../../runtime/saved-config.ts'
import { readContainer } from '../../runtime/state.ts'
import { notedStatus } from '../../runtime/status.ts'
import { runtimeCommand } from './command.ts'
import { execFlags, requestedProcess } from './exec-process.ts'

const EXEC_FAILED = 255

export const exec = runtimeCommand({
  usage: '[OPTIONS] ID [COMMAND [ARG...]]',
  summary: 'Run another program in a container',
  flags: {
    ...execFlags,
    cgroup: { takes: 'one', value: 'PATH', help: 'Start in this cgroup below the container’s' },
    'console-socket': { takes: 'one', value: 'SOCKET', help: 'Who gets the terminal' },
    detach: { takes: 'nothing', short: 'd', help: 'Do not wait for its end' },
    'ignore-paused': { takes: 'nothing', help: 'Also in a paused container' },
    'no-subreaper': { takes: 'nothing', hidden: true, help: 'Accepted for compatibility' },
    'pid-file': { takes: 'one', value: 'FILE', help: 'Where to write the process id' },
    'pidfd-socket': { takes: 'one', value: 'SOCKET', help: 'Who gets a pidfd of it' },
    'preserve-fds': {
      takes: 'one',
      value: 'N',
      parse: parseInteger,
      help: 'Keep N file descriptors from 3 on',
    },
  },
  flagsFirst: true,
  least: 1,
  failure: EXEC_FAILED,
  async execute({ flags, positionals, global }) {
    const [id = '', ...args] = positionals
    // Files that are handed on must be there at each start.
    if (!flags['preserve-fds']) beginPreparation()
    const container = readContainer(global.root, id)
    const status = notedStatus(container)
    if (!container.process || status === 'stopped') throw new StateError('cannot exec in a stopped container')
    if (status === 'paused' && !flags['ignore-paused'])
      throw new StateError('cannot exec in a paused container (use --ignore-paused to override)')
    const config = readConfig(container.folder)
    const { cgroup, 'console-socket': consoleSocket, 'pid-file': pidFile } = flags
    const { 'preserve-fds': preserveFds } = flags
    return execInContainer({
      config,
      container: container.process,
      process: requestedProcess(flags, args, config),
      state: container.state,
      cache: global.cache,
      report: global.report,
      detach: flags.detach ?? false,
      ...(cgroup === undefined ? {} : { below: cleanPath(`/${cgroup}`).slice(1) }),
      ...(consoleSocket ? { consoleSocket: absolute(consoleSocket) } : {}),
      ...(pidFile ? { pidFile: absolute(pidFile) } : {}),
      ...(flags['pidfd-socket'] ? { pidfdSocket: absolute(flags['pidfd-socket']) } : {}),
      ...(preserveFds === undefined ? {} : { preserveFds }),
    })
  },
})

const absolute = (path: string): string => cleanPath(path.startsWith('/') ? path : `${process.cwd()}/${path}`)
