/** `attach`: this process becomes one that looks on (native/client.c). */
import { StateError } from '../../errors.ts'
import { O } from '../../linux/abi/arch.ts'
import { AF, AT, SOCK } from '../../linux/abi/flags.ts'
import { architecture, attempt, call } from '../../linux/call.ts'
import { executeNative } from '../../linux/execute-native.ts'
import { encodePlan } from '../../plan/encode.ts'
import { MONITOR_FLAG } from '../../plan/wire.ts'
import { recordEvent } from '../events/event-log.ts'
import { attachEvents, describe } from '../events/telling.ts'
import { type Attachment, attachmentFlags } from './attachment.ts'
import { DEFAULT_DETACH_KEYS } from './detach-keys.ts'
import type { Container } from './list.ts'
import type { ContainerFolders } from './record.ts'

/** Does not return. @throws StateError with docker's words */
export function attach(
  { root, dataRoot }: ContainerFolders,
  { id, name, record, state }: Container,
  how: Attachment,
): never {
  if (state.status === 'paused')
    throw new StateError('You cannot attach to a paused container, unpause it first')
  if (state.status === 'restarting')
    throw new StateError('You cannot attach to a restarting container, wait until it is running')
  if (state.status !== 'running')
    throw new StateError('You cannot attach to a stopped container, start it first')
  const socket = connect(`${root}/${id}`)
  if (socket === undefined)
    throw new StateError(
      `Cannot attach to ${name}: it was started with --rm in the foreground, and its streams are its caller's own`,
    )
  recordEvent(dataRoot, {
    type: 'container',
    action: 'attach',
    id,
    attributes: describe({ ...record, name }),
  })
  const plan = encodePlan(
    { host: [], container: [], cleanup: [] },
    {
      architecture,
      monitor: {
        flags:
          MONITOR_FLAG.CLIENT |
          attachmentFlags({ ...how, stdin: how.stdin && record.options.interactive }) |
          (record.options.terminal ? MONITOR_FLAG.TERMINAL : 0),
        detachKeys: how.detachKeys ?? DEFAULT_DETACH_KEYS,
        clientFd: socket,
        events: attachEvents(dataRoot, { ...record, name }),
      },
      explain: { argv: [''], envp: [], source: '' },
    },
  )
  return executeNative(plan, { handOver: [socket] })
}

/** Through the open folder: a socket's path may not be long (unix(7)). */
function connect(folder: string): number | undefined {
  const fd = attempt('openat', [AT.FDCWD, folder, O.PATH | O.DIRECTORY | O.CLOEXEC, 0])
  if (fd < 0) return undefined
  const socket = call('socket', [AF.UNIX, SOCK.SEQPACKET | SOCK.CLOEXEC, 0])
  const address = { sun_family: AF.UNIX, sun_path: `/proc/self/fd/${fd}/attach` }
  const result = attempt('connect', [socket, address])
  call('close', [fd])
  if (result === 0) return socket
  call('close', [socket])
  return undefined
}
