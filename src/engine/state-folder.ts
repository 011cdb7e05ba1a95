/** The folders of `--root`, where every container has its own while it runs, and of `--data-root`. */
import { UsageError } from '../errors.ts'
import { E, errnoName } from '../linux/abi/errno.ts'
import { S } from '../linux/abi/flags.ts'
import { fileType, makeFolder } from '../linux/file.ts'
import { KernelError } from '../linux/kernel-error.ts'

const FACTS: Readonly<Record<number, string>> = {
  [E.ACCES]: 'permission is denied',
  [E.PERM]: 'permission is denied',
  [E.ROFS]: 'it is on a read-only filesystem',
  [E.NOENT]: 'nothing can be made there',
  [E.NOTDIR]: 'something on the way is not a folder',
  [E.NOSPC]: 'the filesystem is full',
}

const PURPOSE = { '--root': 'what runs', '--data-root': 'images and containers' } as const

/** @throws UsageError */
export function makeStateFolder(path: string, flag: keyof typeof PURPOSE): void {
  const refuse = (fact: string, cause?: unknown): never => {
    throw new UsageError(
      `Cannot make the folder ${path} for ${PURPOSE[flag]}: ${fact}; name another with ${flag}`,
      { cause },
    )
  }
  try {
    makeFolder(path)
  } catch (cause) {
    if (!(cause instanceof KernelError)) throw cause
    refuse(FACTS[cause.errno] ?? errnoName(cause.errno), cause)
  }
  if (fileType(path) !== S.IFDIR) refuse('a file of that name is in the way')
}
