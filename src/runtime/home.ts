/** HOME, which engines leave to the runtime, or leave empty: from the passwd(5) of the container's root, as runc sets it. */
import { O } from '../linux/abi/arch.ts'
import { AT, RESOLVE, S } from '../linux/abi/flags.ts'
import { attempt, call } from '../linux/call.ts'
import { readAll } from '../linux/file.ts'
import type { Process } from '../oci/runtime-spec.ts'

/** @param root the container's root as we reach it */
export function withHome(process: Process, root: string): Process {
  const env = process.env ?? []
  const given = env.findLast((variable) => variable.startsWith('HOME='))
  if (given !== undefined && given !== 'HOME=') return process
  const others = env.filter((variable) => !variable.startsWith('HOME='))
  return { ...process, env: [...others, `HOME=${homeOf(process.user?.uid ?? 0, root)}`] }
}

const DEFAULT_HOME = '/'
const FIELDS = { uid: 2, home: 5 }

function homeOf(uid: number, root: string): string {
  const lines = readInRoot(root, 'etc/passwd').split('\n')
  const fields = lines.map((line) => line.split(':')).find((one) => one[FIELDS.uid] === String(uid))
  const home = fields?.[FIELDS.home] ?? ''
  return home === '' || home.includes('\0') ? DEFAULT_HOME : home
}

const STATX_TYPE_AND_SIZE = 0x201
const LARGEST = 4n * 1024n * 1024n

/** '' where there is no such regular file. A symlink of the image must not lead out of it (RESOLVE_IN_ROOT). */
function readInRoot(root: string, path: string): string {
  const folder = attempt('openat', [AT.FDCWD, root, O.PATH | O.DIRECTORY | O.CLOEXEC, 0])
  if (folder < 0) return ''
  const how = { flags: O.RDONLY | O.NONBLOCK | O.CLOEXEC, resolve: RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS }
  const file = attempt('openat2', [folder, path, how])
  call('close', [folder])
  if (file < 0) return ''
  try {
    const status = new Uint8Array(256)
    call('statx', [file, '', AT.EMPTY_PATH, STATX_TYPE_AND_SIZE, status])
    const view = new DataView(status.buffer)
    if ((view.getUint16(28, true) & S.IFMT) !== S.IFREG || view.getBigUint64(40, true) > LARGEST) return ''
    return new TextDecoder().decode(readAll(file))
  } finally {
    call('close', [file])
  }
}
