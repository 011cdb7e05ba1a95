/** Begins the command anew, in our place: what it was prepared from has changed under it. */
import { AT } from '../linux/abi/flags.ts'
import { call } from '../linux/call.ts'
import { inheritStandardStreams } from '../linux/execute-ffi/single-threaded.ts'
import { readText } from '../linux/file.ts'

/** Does not return. What was set in process.env holds. @throws KernelError */
export function becomeAgain(): never {
  inheritStandardStreams()
  call('execveat', [
    AT.FDCWD,
    process.execPath,
    readText('/proc/self/cmdline').split('\0').slice(0, -1),
    Object.entries(process.env).map(([name, value]) => `${name}=${value}`),
    0,
  ])
  throw new TypeError('execveat returned')
}
