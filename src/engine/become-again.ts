/** Begins the command anew, in our place: what it was prepared from has changed under it. */
import { AT } from '../linux/abi/flags.ts'
import { call } from '../linux/call.ts'
import { inheritStandardStreams } from '../linux/execute-ffi/single-threaded.ts'
import { readText } from '../linux/file.ts'

/** Does not return. @throws KernelError */
export function becomeAgain(): never {
  const strings = (path: string): string[] => readText(path).split('\0').slice(0, -1)
  inheritStandardStreams()
  call('execveat', [
    AT.FDCWD,
    process.execPath,
    strings('/proc/self/cmdline'),
    strings('/proc/self/environ'),
    0,
  ])
  throw new TypeError('execveat returned')
}
