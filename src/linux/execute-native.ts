/**
 * Runs a plan with the native executor, which takes this process's place: no JavaScript stays while a container runs.
 * Both executor and plan live in sealed memory files (memfd_create(2)), so nothing in the container can write to them
 * (CVE-2019-5736).
 */
import { EXECUTOR_BASE64 } from '../../build/native/executor.ts'
import { E } from './abi/errno.ts'
import { AT, CLOSE_RANGE, F, F_SEAL, MFD } from './abi/flags.ts'
import { attempt, call } from './call.ts'
import { writeAll } from './file.ts'

/** What stays open over our execve, besides the standard streams. All else that we were given is closed. */
interface Files {
  /** How many file descriptors from 3 on are the container's. */
  readonly preserveFds?: number
  /** Those that the plan names by number. */
  readonly handOver?: readonly number[]
}

/**
 * Does not return.
 * @param plan an encoded plan (plan/encode.ts)
 * @throws KernelError when the executor cannot be started
 */
export function executeNative(plan: Uint8Array, { preserveFds = 0, handOver = [] }: Files = {}): never {
  attempt('close_range', [3 + preserveFds, 0xffffffff, CLOSE_RANGE.CLOEXEC])
  // Bun marks all that it was given.
  for (let fd = 3; fd < 3 + preserveFds; fd++) attempt('fcntl', [fd, F.SETFD, 0])
  for (const fd of handOver) call('fcntl', [fd, F.SETFD, 0])
  // Node marks even the standard streams close-on-exec.
  for (const fd of [0, 1, 2]) attempt('fcntl', [fd, F.SETFD, 0])
  const executor = sealedMemory('tinyctr', Buffer.from(EXECUTOR_BASE64, 'base64'), MFD.CLOEXEC)
  const planFd = sealedMemory('tinyctr-plan', plan, 0)
  call('execveat', [executor, '', ['tinyctr', String(planFd)], [], AT.EMPTY_PATH])
  throw new TypeError('execve returned without an error')
}

function sealedMemory(name: string, content: Uint8Array, flags: number): number {
  // Linux 6.3 wants to be told that a memory file is executable; earlier kernels refuse the flag.
  const executable = attempt('memfd_create', [name, flags | MFD.ALLOW_SEALING | MFD.EXEC])
  const fd = executable === -E.INVAL ? call('memfd_create', [name, flags | MFD.ALLOW_SEALING]) : executable
  if (fd < 0) call('memfd_create', [name, flags | MFD.ALLOW_SEALING])
  writeAll(fd, content)
  call('fcntl', [fd, F.ADD_SEALS, F_SEAL.SEAL | F_SEAL.SHRINK | F_SEAL.GROW | F_SEAL.WRITE])
  return fd
}
