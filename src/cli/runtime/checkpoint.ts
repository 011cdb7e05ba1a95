/** `tinyctr-runtime checkpoint`. */
import { parseInteger } from '../../engine/config/integer.ts'
import { StateError } from '../../errors.ts'
import { S } from '../../linux/abi/flags.ts'
import { fileType } from '../../linux/file.ts'
import { checkpoint as checkpointContainer } from '../../runtime/checkpoint/checkpoint.ts'
import { runtimeCommand } from './command.ts'
import { criuFlags, criuOptions } from './criu-flags.ts'

export const checkpoint = runtimeCommand({
  usage: '[OPTIONS] ID',
  summary: 'Save the processes of a running container with CRIU, and end it',
  flags: {
    ...criuFlags,
    'leave-running': { takes: 'nothing', help: 'Let it go on' },
    'page-server': { takes: 'one', value: 'ADDRESS:PORT', help: 'Send memory pages there' },
    'parent-path': { takes: 'one', value: 'DIR', help: 'Earlier images, relative to --image-path' },
    'pre-dump': { takes: 'nothing', help: 'Only memory; it goes on' },
    'status-fd': {
      takes: 'one',
      value: 'FD',
      parse: parseInteger,
      help: 'Gets a NUL when --lazy-pages is ready',
    },
  },
  least: 1,
  most: 1,
  async execute({ flags, global, positionals }) {
    const options = criuOptions(flags)
    const parent = flags['parent-path']
    if (parent) checkParent(options.images, parent)
    const server = flags['page-server']
    const statusFd = flags['status-fd']
    await checkpointContainer(global.root, positionals[0] as string, {
      ...options,
      ...(flags['leave-running'] ? { leaveRunning: true } : {}),
      ...(flags['pre-dump'] ? { preDump: true } : {}),
      ...(parent ? { parent } : {}),
      ...(server ? { pageServer: parsePageServer(server) } : {}),
      ...(statusFd !== undefined && statusFd >= 0 ? { statusFd } : {}),
    })
    return 0
  },
})

/** runc's words, here and below. */
function checkParent(images: string, parent: string): void {
  if (parent.startsWith('/')) throw new StateError('--parent-path must be relative')
  const path = `${images}/${parent}`
  if (fileType(path) !== S.IFDIR) throw new StateError(`invalid --parent-path: ${path} is not a directory`)
}

function parsePageServer(text: string): { address: string; port: number } {
  const [, six, four, port] = /^(?:\[(.*)\]|([^:]*)):(.*)$/.exec(text) ?? []
  const address = six ?? four
  if (!address || !port) throw new StateError('Use --page-server ADDRESS:PORT to specify page server')
  if (!/^\d+$/.test(port)) throw new StateError('Invalid port number')
  return { address, port: Number(port) }
}
