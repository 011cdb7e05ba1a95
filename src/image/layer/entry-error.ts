/** A failure while one entry is unpacked, with the entry's name. */
import { RegistryError } from '../../errors.ts'
import { E } from '../../linux/abi/errno.ts'
import { KernelError } from '../../linux/kernel-error.ts'
import { display } from './bytes.ts'

export const entryError = (path: Uint8Array, cause: Error): RegistryError =>
  new RegistryError(`Cannot unpack "${display(path)}": ${factOf(cause)}`, { cause })

function factOf(cause: Error): string {
  const isFull = cause instanceof KernelError && (cause.errno === E.NOSPC || cause.errno === E.DQUOT)
  return isFull ? `no space is left on the disk (${cause.message})` : cause.message
}
