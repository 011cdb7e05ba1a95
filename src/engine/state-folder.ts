/** The folder of `--root`, where every container has its own while it runs. */
import { UsageError } from '../errors.ts'
import { E, errnoName } from '../linux/abi/errno.ts'
import { makeFolder } from '../linux/file.ts'
import { KernelError } from '../linux/kernel-error.ts'

const FACTS: Readonly<Record<number, string>> = {
  [E.ACCES]: 'permission is denied',
  [E.PERM]: 'permission is denied',
  [E.ROFS]: 'it is on a read-only filesystem',
  [E.NOENT]: 'nothing can be made there',
  [E.NOTDIR]: 'something on the way is not a folder',
  [E.NOSPC]: 'the filesystem is full',
}

/** @throws UsageError */
export function makeStateFolder(root: string): void {
  try {
    makeFolder(root)
  } catch (cause) {
    if (!(cause instanceof KernelError)) throw cause
    const fact = FACTS[cause.errno] ?? errnoName(cause.errno)
    throw new UsageError(`Cannot make the folder ${root} for what runs: ${fact}; name another with --root`, {
      cause,
    })
  }
}
