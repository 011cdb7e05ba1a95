/**
 * What a filesystem said while it was configured. Its context keeps messages for whoever reads the descriptor
 * (fsopen(2)): "e tmpfs: Bad value for 'size'". The failed container still holds it; pidfd_getfd(2) lends it to us.
 */
import { AT } from '../abi/flags.ts'
import { attempt } from '../call.ts'
import { listFolder } from '../file.ts'

const CONTEXT = 'anon_inode:[fscontext]'
const LONGEST_MESSAGE = 4096
/** The kernel keeps eight. */
const MOST_MESSAGES = 16

/** Errors and warnings; none where there are none, or where the process is not ours to look into. */
export function readFilesystemLog(pid: number): string[] {
  const process = attempt('pidfd_open', [pid, 0])
  if (process < 0) return []
  const messages = listFolder(`/proc/${pid}/fd`)
    .filter((name) => linkOf(`/proc/${pid}/fd/${name}`) === CONTEXT)
    .flatMap((name) => messagesOf(process, Number(name)))
  attempt('close', [process])
  return messages
}

function linkOf(path: string): string | undefined {
  const target = new Uint8Array(64)
  const length = attempt('readlinkat', [AT.FDCWD, path, target])
  return length < 0 ? undefined : new TextDecoder().decode(target.subarray(0, length))
}

function messagesOf(process: number, number: number): string[] {
  const fd = attempt('pidfd_getfd', [process, number, 0])
  if (fd < 0) return []
  const messages: string[] = []
  const buffer = new Uint8Array(LONGEST_MESSAGE)
  for (let i = 0; i < MOST_MESSAGES; i++) {
    const got = attempt('read', [fd, buffer])
    if (got <= 0) break
    const message = new TextDecoder().decode(buffer.subarray(0, got)).trim()
    if (/^[ew] /.test(message)) messages.push(message.slice(2))
  }
  attempt('close', [fd])
  return messages
}
