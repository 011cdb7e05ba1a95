/** What a subject does when it is asked: a system call, a look at a file, a program. In its own process and namespaces. */
import { O } from '../../linux/abi/arch.ts'
import { AT, PR, SIG } from '../../linux/abi/flags.ts'
import type { ArgumentsOf, SyscallName } from '../../linux/abi/syscalls.ts'
import { attempt, call } from '../../linux/call.ts'
import { exit, fork } from '../../linux/execute-ffi/fork.ts'
import { reap } from '../../linux/execute-ffi/operations.ts'
import { listFolder } from '../../linux/file.ts'

export type Request =
  | { readonly do: 'call'; readonly name: SyscallName; readonly args: readonly unknown[] }
  | { readonly do: 'read' | 'link' | 'list' | 'handle'; readonly path: string }
  | { readonly do: 'write'; readonly path: string; readonly text: string }
  | { readonly do: 'run' | 'start'; readonly argv: readonly string[] }
  | { readonly do: 'wait'; readonly pid: number; readonly block: boolean }
  | { readonly do: 'fork'; readonly flags: number }

export interface Ran {
  /** Exit code; 128+n for signal n. */
  readonly code: number
  readonly output: string
}

export const SIGCHLD = 17
const SIGKILL = 9
const WNOHANG = 1
/** One message must carry it. */
const LONGEST_TEXT = 48 * 1024

/** @returns a number (a result, or -errno), a text, a list or what a program came to */
export function perform(request: Exclude<Request, { do: 'fork' }>): unknown {
  switch (request.do) {
    case 'call':
      return attempt(request.name, request.args as ArgumentsOf<SyscallName>)
    case 'read':
      return read(request.path)
    case 'link':
      return readLink(request.path)
    case 'list':
      return listFolder(request.path)
    case 'write':
      return write(request.path, request.text)
    case 'handle':
      return handleOf(request.path)
    case 'run':
      return run(request.argv)
    case 'start':
      return start(request.argv)
    case 'wait':
      return reap(request.pid, request.block ? 0 : WNOHANG)?.code ?? -1
  }
}

function read(path: string): string | number {
  const fd = attempt('openat', [AT.FDCWD, path, O.RDONLY | O.CLOEXEC, 0])
  if (fd < 0) return fd
  const text = readUpTo(fd, LONGEST_TEXT)
  attempt('close', [fd])
  return text
}

function readUpTo(fd: number, most: number): string | number {
  const bytes = new Uint8Array(most)
  let length = 0
  while (length < most) {
    const part = new Uint8Array(Math.min(most - length, 16 * 1024))
    const got = attempt('read', [fd, part])
    if (got < 0 && length === 0) return got
    if (got <= 0) break
    bytes.set(part.subarray(0, got), length)
    length += got
  }
  return new TextDecoder().decode(bytes.subarray(0, length))
}

function readLink(path: string): string | number {
  const buffer = new Uint8Array(512)
  const length = attempt('readlinkat', [AT.FDCWD, path, buffer])
  return length < 0 ? length : new TextDecoder().decode(buffer.subarray(0, length))
}

/** In one write(2), as the files of the kernel want it. */
function write(path: string, text: string): number {
  const flags = O.WRONLY | O.CLOEXEC | (/^\/(proc|sys)\//.test(path) ? 0 : O.CREAT | O.TRUNC)
  const fd = attempt('openat', [AT.FDCWD, path, flags, 0o644])
  if (fd < 0) return fd
  const result = attempt('write', [fd, text])
  attempt('close', [fd])
  return result
}

const LARGEST_HANDLE = 128

/** struct file_handle: the size of what follows its first eight bytes, a type, the handle. */
function handleOf(path: string): Uint8Array | number {
  const handle = new Uint8Array(8 + LARGEST_HANDLE)
  new DataView(handle.buffer).setUint32(0, LARGEST_HANDLE, true)
  const result = attempt('name_to_handle_at', [AT.FDCWD, path, handle, new Uint8Array(8), 0])
  return result < 0 ? result : handle.slice(0, 8 + new DataView(handle.buffer).getUint32(0, true))
}

function run(argv: readonly string[]): Ran {
  const ends = new Uint8Array(8)
  call('pipe2', [ends, O.CLOEXEC])
  const [reading, writing] = new Int32Array(ends.buffer) as unknown as [number, number]
  const child = startProgram(argv, writing)
  attempt('close', [writing])
  const output = child > 0 ? readUpTo(reading, LONGEST_TEXT) : ''
  attempt('close', [reading])
  const code = child > 0 ? (reap(child, 0)?.code ?? 255) : 126
  return { code, output: typeof output === 'string' ? output : '' }
}

function start(argv: readonly string[]): number {
  const nowhere = attempt('openat', [AT.FDCWD, '/dev/null', O.RDWR | O.CLOEXEC, 0])
  const child = startProgram(argv, nowhere)
  if (nowhere >= 0) attempt('close', [nowhere])
  return child
}

const FOLDERS = ['', '/usr/local/sbin/', '/usr/local/bin/', '/usr/sbin/', '/usr/bin/', '/sbin/', '/bin/']
const NOT_FOUND = 127
const SIGSET_BYTES = 8

function startProgram(argv: readonly string[], output: number): number {
  const child = fork('clone3', [{ exit_signal: SIGCHLD }])
  if (child !== 0) return child
  attempt('prctl', [PR.SET_PDEATHSIG, SIGKILL, 0, 0, 0])
  if (output >= 0) for (const fd of [0, 1, 2]) attempt('dup3', [output, fd, 0])
  attempt('rt_sigprocmask', [SIG.SETMASK, new Uint8Array(SIGSET_BYTES), null, SIGSET_BYTES])
  const [program = ''] = argv
  const folders = program.includes('/') ? [''] : FOLDERS
  const environment = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root']
  for (const folder of folders) attempt('execve', [folder + program, argv, environment])
  exit(NOT_FOUND)
}
