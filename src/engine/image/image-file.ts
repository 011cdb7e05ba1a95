/** A file of an image, before its layers are mounted: looked for from the top layer down, never leaving a layer. */
import { RegistryError } from '../../errors.ts'
import { O } from '../../linux/abi/arch.ts'
import { AT, RESOLVE, S } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { readAll } from '../../linux/file.ts'
import { lookedAt } from '../../linux/premises.ts'

const STATX_MODE = 0x2
/** No directory of users is larger; what is would fill our memory (CVE-2026-47262). */
const LARGEST = 4n * 1024n * 1024n

/**
 * @param layers top first. The text, or '' where the image has no such file.
 * @throws RegistryError when it is too large to be what it should be
 */
export function readImageText(layers: readonly string[], path: string): string {
  for (const layer of layers) {
    const text = readIn(layer, path)
    if (text !== undefined) return text
  }
  return ''
}

/** undefined: this layer says nothing of the file. A whiteout (a character device) says that it is gone. */
function readIn(layer: string, path: string): string | undefined {
  const root = attempt('openat', [AT.FDCWD, layer, O.PATH | O.DIRECTORY | O.CLOEXEC, 0])
  if (root < 0) return undefined
  // RESOLVE_IN_ROOT: a symlink of the image must not read the host's passwd.
  const how = { flags: O.RDONLY | O.NONBLOCK | O.CLOEXEC, resolve: RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS }
  const file = attempt('openat2', [root, path, how])
  call('close', [root])
  if (file < 0) return undefined
  try {
    const status = new Uint8Array(256)
    call('statx', [file, '', AT.EMPTY_PATH, STATX_MODE | 0x200, status])
    lookedAt([28, 2])
    const view = new DataView(status.buffer)
    if ((view.getUint16(28, true) & S.IFMT) !== S.IFREG) return ''
    const size = view.getBigUint64(40, true)
    if (size > LARGEST) {
      throw new RegistryError(`Cannot use the image: its /${path} has ${size} bytes, more than ${LARGEST}`)
    }
    return new TextDecoder().decode(readAll(file))
  } finally {
    call('close', [file])
  }
}
