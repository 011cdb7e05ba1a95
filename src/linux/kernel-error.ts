/** A system call that failed: which, with what, and what its errno means. */
import { errnoName } from './abi/errno.ts'
import type { SyscallName } from './abi/syscalls.ts'

export class KernelError extends Error {
  override name = 'KernelError'
  readonly call: SyscallName
  readonly errno: number
  /** The call as strace would print it, without its result. */
  readonly printed: string

  constructor(call: SyscallName, errno: number, printed: string, options?: ErrorOptions) {
    super(`${printed} = -1 ${errnoName(errno)}`, options)
    this.call = call
    this.errno = errno
    this.printed = printed
  }

  /** `ENOENT` and the like, as Node's own errors carry it. */
  get code(): string {
    return errnoName(this.errno)
  }
}
