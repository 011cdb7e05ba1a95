/** What `checkpoint` and `restore` are asked alike: runc's flags. */
import { cleanPath } from '../../engine/config/container-path.ts'
import type { CriuOptions } from '../../runtime/checkpoint/criu-options.ts'
import type { FlagTable, FlagValues } from '../flag.ts'

export const criuFlags = {
  'auto-dedup': { takes: 'nothing', help: 'Punch out pages of earlier images' },
  'empty-ns': {
    takes: 'many',
    value: 'NAMESPACE',
    choices: ['network'],
    help: 'Make the namespace, not what is in it',
  },
  'ext-unix-sk': { takes: 'nothing', help: 'Allow Unix sockets to the outside' },
  'file-locks': { takes: 'nothing', help: 'Keep file locks' },
  'image-path': { takes: 'one', value: 'DIR', help: 'The images (default: ./checkpoint)' },
  'lazy-pages': { takes: 'nothing', help: 'Bring memory pages when they are asked for (userfaultfd(2))' },
  'manage-cgroups-mode': {
    takes: 'one',
    value: 'MODE',
    choices: ['soft', 'full', 'strict', 'ignore'],
    help: 'What is done about cgroups (default soft)',
  },
  'shell-job': { takes: 'nothing', help: "Allow a terminal of the caller's" },
  'tcp-established': { takes: 'nothing', help: 'Keep TCP connections' },
  'work-path': { takes: 'one', value: 'DIR', help: 'Where the log goes (default: the images)' },
} as const satisfies FlagTable

export const absolute = (path: string): string =>
  cleanPath(path.startsWith('/') ? path : `${process.cwd()}/${path}`)

export function criuOptions(flags: FlagValues<typeof criuFlags>): CriuOptions {
  const cgroups = flags['manage-cgroups-mode']
  return {
    images: absolute(flags['image-path'] || 'checkpoint'),
    ...(flags['work-path'] ? { work: absolute(flags['work-path']) } : {}),
    ...(flags['tcp-established'] ? { tcpEstablished: true } : {}),
    ...(flags['ext-unix-sk'] ? { externalSockets: true } : {}),
    ...(flags['shell-job'] ? { shellJob: true } : {}),
    ...(flags['file-locks'] ? { fileLocks: true } : {}),
    ...(flags['lazy-pages'] ? { lazyPages: true } : {}),
    ...(flags['auto-dedup'] ? { autoDedup: true } : {}),
    ...(cgroups ? { cgroups } : {}),
  }
}
