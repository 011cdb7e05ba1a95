/** Somebody on the stage: the host, or a process in namespaces of its own. What it does is noted down as evidence. */
import { errnoName } from '../../linux/abi/errno.ts'
import { printCall } from '../../linux/abi/print-call.ts'
import type { ArgumentsOf, SyscallName } from '../../linux/abi/syscalls.ts'
import { LessonError } from '../lesson.ts'
import { ask, startActor, takeSocket } from './actor.ts'
import { perform, type Ran, type Request } from './operations.ts'

/** A call that was made, as strace(1) would print it. */
export interface Noted {
  readonly who: string
  readonly call: string
  readonly result: string
}

export interface Subject {
  readonly name: string
  /** As the host counts. */
  readonly pid: number
  /** A system call that must work. @throws LessonError */
  call<Name extends SyscallName>(name: Name, args: ArgumentsOf<Name>): number
  /** A system call; its result, or the errno's name. */
  attempt<Name extends SyscallName>(name: Name, args: ArgumentsOf<Name>): number | string
  /** The text of a file without its last newline; the errno's name where it cannot be read. */
  read(path: string): string
  /** What a symbolic link says; of /proc/PID/ns/KIND the namespace's number. */
  link(path: string): string
  /** The names in a folder, sorted. */
  list(path: string): string[]
  /** Writes a file that must take it. @throws LessonError */
  write(path: string, text: string): void
  /** Writes a file; `ok`, or the errno's name. */
  tryWrite(path: string, text: string): string
  /** What its filesystem calls a file (name_to_handle_at(2)). @throws LessonError */
  handleOf(path: string): Uint8Array
  /** Runs a program to its end. */
  run(...argv: string[]): Ran
  /** Starts a program; its pid, as the subject counts. */
  start(...argv: string[]): number
  /** The exit code of a child, or undefined while it runs. */
  ended(pid: number, wait?: boolean): number | undefined
  /** A child of its own, in new namespaces where `flags` say so. @throws LessonError */
  fork(name: string, flags?: number): Subject
  /** Ends it; the host does not end. */
  end(): void
}

export interface Notebook {
  readonly note: (noted: Noted) => void
  /** Told of each new subject. */
  readonly enter: (subject: Subject) => void
}

const SIGKILL = 9

type Answer = (request: Request) => unknown

/** The lab itself, or what stands in for it. */
export const hostSubject = (notebook: Notebook): Subject =>
  makeSubject('host', process.pid, (request) => perform(request as never), undefined, notebook)

export function forkSubject(name: string, flags: number, notebook: Notebook): Subject {
  const actor = startActor(flags)
  if (typeof actor === 'number') throw new LessonError(`Cannot start a process: ${errnoName(-actor)}`)
  return reached(name, actor.socket, notebook)
}

/** The actor's own /proc is still the host's. */
function reached(name: string, socket: number, notebook: Notebook): Subject {
  const pid = Number(ask(socket, { do: 'link', path: '/proc/self' }))
  const subject = makeSubject(name, pid, (request) => ask(socket, request), socket, notebook)
  notebook.enter(subject)
  return subject
}

const printed = (result: number): string => (result < 0 ? `-1 ${errnoName(-result)}` : String(result))
const quoted = (text: string): string => JSON.stringify(text.length > 200 ? `${text.slice(0, 197)}...` : text)

function makeSubject(
  name: string,
  pid: number,
  answer: Answer,
  socket: number | undefined,
  notebook: Notebook,
): Subject {
  const note = (call: string, result: string): void => notebook.note({ who: name, call, result })
  const attempted = (call: SyscallName, args: readonly unknown[]): number => {
    const result = answer({ do: 'call', name: call, args }) as number
    note(printCall(call, args), printed(result))
    return result
  }
  const written = (path: string, text: string): number => {
    const result = answer({ do: 'write', path, text }) as number
    note(`write(${quoted(path)}, ${quoted(text)})`, printed(result))
    return result
  }
  const text = (request: Request): string => {
    const result = answer(request)
    return typeof result === 'string' ? result.replace(/\n$/, '') : errnoName(-Number(result))
  }
  return {
    name,
    pid,
    call(call, args) {
      const result = attempted(call, args)
      if (result < 0) throw new LessonError(`${printCall(call, args)} failed: ${errnoName(-result)}`)
      return result
    },
    attempt(call, args) {
      const result = attempted(call, args)
      return result < 0 ? errnoName(-result) : result
    },
    read: (path) => text({ do: 'read', path }),
    link: (path) => text({ do: 'link', path }),
    list: (path) => (answer({ do: 'list', path }) as string[]).sort(),
    write(path, content) {
      const result = written(path, content)
      if (result < 0) throw new LessonError(`Cannot write ${path}: ${errnoName(-result)}`)
    },
    tryWrite(path, content) {
      const result = written(path, content)
      return result < 0 ? errnoName(-result) : 'ok'
    },
    handleOf(path) {
      const handle = answer({ do: 'handle', path })
      note(`name_to_handle_at(AT_FDCWD, ${quoted(path)})`, typeof handle === 'number' ? printed(handle) : '0')
      if (typeof handle === 'number') throw new LessonError(`Cannot name ${path}: ${errnoName(-handle)}`)
      return handle as Uint8Array
    },
    run(...argv) {
      const ran = answer({ do: 'run', argv }) as Ran
      note(`execve(${quoted(argv.join(' '))})`, `exit code ${ran.code}`)
      return { ...ran, output: ran.output.replace(/\n$/, '') }
    },
    start(...argv) {
      const child = answer({ do: 'start', argv }) as number
      note(`execve(${quoted(argv.join(' '))})`, child < 0 ? printed(child) : `process ${child}`)
      if (child < 0) throw new LessonError(`Cannot start ${argv[0]}: ${errnoName(-child)}`)
      return child
    },
    ended(child, wait = false) {
      const code = answer({ do: 'wait', pid: child, block: wait }) as number
      return code < 0 ? undefined : code
    },
    fork(child, flags = 0) {
      if (socket === undefined) {
        const made = forkSubject(child, flags, notebook)
        note(printCall('clone3', [{ flags, exit_signal: 17 }]), String(made.pid))
        return made
      }
      const result = ask(socket, { do: 'fork', flags }) as number
      note(printCall('clone3', [{ flags, exit_signal: 17 }]), printed(result))
      if (result < 0) throw new LessonError(`clone3 failed: ${errnoName(-result)}`)
      return reached(child, takeSocket(socket), notebook)
    },
    end() {
      if (socket === undefined) return
      perform({ do: 'call', name: 'kill', args: [pid, SIGKILL] })
      perform({ do: 'call', name: 'close', args: [socket] })
      // Of a grandchild there is nothing to wait for here: its parent is told.
      perform({ do: 'wait', pid, block: true })
    },
  }
}

/** The number in `uts:[4026531838]`. */
export const namespaceOf = (subject: Subject, kind: string, pid?: number): string =>
  /\[(\d+)\]/.exec(subject.link(`/proc/${pid ?? 'self'}/ns/${kind}`))?.[1] ?? '?'
