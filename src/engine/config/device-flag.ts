/** `--device HOST[:CONTAINER][:rwm]`, and the limits on a block device, `PATH:RATE`. */
import { UsageError } from '../../errors.ts'
import { cleanPath } from './container-path.ts'
import { parseSize } from './size.ts'

export interface DeviceRequest {
  /** A device, or a folder whose devices are all meant. */
  host: string
  container: string
  /** Of `r`, `w` and `m` (mknod). */
  access: string
}

/** A rate for one block device: bytes or operations a second. */
export interface DeviceRate {
  path: string
  rate: number
}

const isAccess = (text: string): boolean => /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length

/** @throws UsageError with Docker's words */
export function parseDevice(text: string): DeviceRequest {
  const parts = text.split(':')
  const [host = '', second, third] = parts
  if (!host.startsWith('/')) {
    throw new UsageError(
      /^[\w.-]+\/[\w.-]+=/.test(text)
        ? `${text}: CDI devices are not in this version of tinyctr`
        : `bad format for path: ${text}`,
    )
  }
  if (parts.length > 3 || parts.includes('')) throw new UsageError(`invalid device specification: ${text}`)
  const container = second === undefined || (third === undefined && isAccess(second)) ? host : second
  const access = third ?? (second !== undefined && isAccess(second) ? second : 'rwm')
  if (!isAccess(access)) throw new UsageError(`bad mode specified: ${access}`)
  if (!container.startsWith('/')) throw new UsageError(`${container} is not an absolute path`)
  return { host: cleanPath(host), container: cleanPath(container), access }
}

function splitRate(text: string): [path: string, rate: string] {
  const [path = '', rate = '', ...more] = text.split(':')
  if (path === '' || rate === '' || more.length > 0) throw new UsageError(`bad format: ${text}`)
  if (!path.startsWith('/dev/')) throw new UsageError(`bad format for device path: ${text}`)
  return [cleanPath(path), rate]
}

/** @throws UsageError with Docker's words */
export function parseBytesRate(text: string): DeviceRate {
  const [path, rate] = splitRate(text)
  try {
    return { path, rate: parseSize(rate) }
  } catch (cause) {
    throw new UsageError(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`,
      { cause },
    )
  }
}

/** @throws UsageError with Docker's words */
export function parseOperationsRate(text: string): DeviceRate {
  const [path, rate] = splitRate(text)
  if (!/^\d+$/.test(rate)) {
    throw new UsageError(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>. Number must be a positive integer`,
    )
  }
  return { path, rate: Number(rate) }
}
