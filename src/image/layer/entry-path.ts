/** The names in a tar, made canonical: relative to the layer, one slash between components, no `.` and no `..`. */
import type { ByteString } from './bytes.ts'
import { toByteString } from './bytes.ts'

/** PATH_MAX less its NUL, NAME_MAX (limits.h). */
const maximumPath = 4095
const maximumName = 255

const irregular = /(?:^|\/)\.{0,2}(?:\/|$)/

/**
 * `./etc//passwd` and `/etc/passwd` are both `etc/passwd`; the layer itself is the empty string.
 * @throws Error with the fact when the name climbs (`..`) or the kernel could not hold it.
 */
export function entryPath(bytes: Uint8Array): ByteString {
  // Most names begin so, and nothing else about them is irregular.
  const isDotted = bytes[0] === 0x2e && bytes[1] === 0x2f
  const raw = toByteString(isDotted ? bytes.subarray(2) : bytes)
  if (raw.length > maximumPath) throw new Error(`its name has ${raw.length} bytes, more than ${maximumPath}`)
  const path = irregular.test(raw) ? canonical(raw) : raw
  if (raw.length > maximumName && path.split('/').some((name) => name.length > maximumName)) {
    throw new Error(`a component of its name has more than ${maximumName} bytes`)
  }
  return path
}

function canonical(raw: ByteString): ByteString {
  const names = raw.split('/').filter((name) => name !== '' && name !== '.')
  if (names.includes('..')) throw new Error('its name contains ".."')
  return names.join('/')
}

export const parentOf = (path: ByteString): ByteString => path.slice(0, Math.max(0, path.lastIndexOf('/')))
export const nameOf = (path: ByteString): ByteString => path.slice(path.lastIndexOf('/') + 1)
export const join = (directory: ByteString, name: ByteString): ByteString =>
  directory === '' ? name : `${directory}/${name}`
