/**
 * Where a lesson plays: the host, the processes that a lesson makes beside it, a scratch folder, and what must be undone
 * at the end. Everything is synchronous: there is no event loop in a process that clones itself.
 */
import { AT, CLONE } from '../linux/abi/flags.ts'
import { sleep } from '../linux/execute-ffi/fork.ts'
import { fileType } from '../linux/file.ts'
import { removeCgroup, removeTree } from '../linux/remove.ts'
import { LessonError } from './lesson.ts'
import { becomeRootInside } from './stage/root-inside.ts'
import { makeScratch, OWN_NAME, removeDeadOnes } from './stage/scratch.ts'
import { forkSubject, hostSubject, type Notebook, type Noted, type Subject } from './stage/subject.ts'

export interface Stage {
  /** The host; in a lesson that could harm it, a copy in namespaces of its own. */
  readonly host: Subject
  /** Made for this lesson, removed after it. */
  readonly folder: string
  /** Somebody who is not root: subjects become root in a user namespace first. */
  readonly rootless: boolean
  /** The file tree of the image that comes with tinyctr. @throws LessonError */
  readonly image: string
  /** Where images are kept. */
  readonly dataRoot: string
  /** Where control groups are made. @throws LessonError */
  readonly cgroups: string
  /** A subject by its name. @throws LessonError if a step that should have made it was left out */
  subject(name: string): Subject
  /** A child of the host in new namespaces; an ordinary user gets a user namespace too, unless told not to. */
  fork(name: string, flags?: number, plain?: boolean): Subject
  /** A child of the host that enters namespaces of another subject, as `exec` does. */
  join(name: string, other: string, flags: number): Subject
  /** A control group below `cgroups`; its path. */
  makeCgroup(name: string): string
  /** The path of a control group that was made. @throws LessonError */
  ownCgroup(name: string): string
  /** A disk that is a file of 8 MiB, made when it is first asked for. @throws LessonError */
  device(): string
  pause(milliseconds: number): void
  /** Until something has come about, or ten seconds have gone by: what is looked at then decides. */
  until(happened: () => boolean): void
  /** Undone last first, when the lesson ends. */
  atEnd(undo: () => void): void
  /** Remembers a number (a descriptor, a pid) for later steps. */
  keep(name: string, value: number): void
  /** @throws LessonError if the step that should have kept it was left out */
  kept(name: string): number
  keepBytes(name: string, bytes: Uint8Array): void
  keptBytes(name: string): Uint8Array
  /** Hands over what was noted since the last time. */
  takeNotes(): Noted[]
  close(): void
}

export interface StageOptions {
  readonly dataRoot: string
  readonly standIn?: number | undefined
  readonly rootless: boolean
  readonly image?: string | undefined
  readonly cgroupMount?: string | undefined
}

const TRIES = 200
const TRY_MILLISECONDS = 50

export function openStage({ standIn, rootless, image, cgroupMount, dataRoot }: StageOptions): Stage {
  removeDeadOnes(cgroupMount)
  const folder = makeScratch()
  // As a teacher would write it on the board.
  const shorten = (call: string): string => {
    const short = call.replaceAll(folder, '$LAB')
    return image === undefined ? short : short.replaceAll(image, '$IMAGE')
  }
  let notes: Noted[] = []
  const subjects = new Map<string, Subject>()
  const undos: (() => void)[] = []
  let device: string | undefined
  const kept = new Map<string, number>()
  const keptBytes = new Map<string, Uint8Array>()
  /** What stands in for the host is root in a user namespace already, and so are its children. */
  const alone = rootless && standIn === undefined
  const notebook: Notebook = {
    note: ({ who, call, result }) => notes.push({ who, call: shorten(call), result }),
    enter: (subject) => subjects.set(subject.name, subject),
  }
  const real = hostSubject(notebook)
  const host = standIn === undefined ? real : makeStandIn(standIn, rootless, notebook)
  notes = []
  const required = <T>(value: T | undefined, what: string): T => {
    if (value === undefined) throw new LessonError(`Cannot find ${what}`)
    return value
  }
  return {
    host,
    folder,
    rootless,
    dataRoot,
    get image() {
      return required(image, 'the image that comes with tinyctr')
    },
    get cgroups() {
      return required(cgroupMount, 'a place for control groups')
    },
    subject: (name) => required(subjects.get(name), `the ${name}: the step that makes it was left out`),
    fork(name, flags = 0, plain = false) {
      const subject = host.fork(name, alone && !plain ? 0 : flags)
      if (alone && !plain) {
        becomeRootInside(subject)
        if (flags !== 0) subject.call('unshare', [flags])
      }
      return subject
    },
    join(name, other, flags) {
      const { pid } = required(subjects.get(other), `the ${other}: the step that makes it was left out`)
      const visitor = host.fork(name)
      const fd = visitor.call('pidfd_open', [pid, 0])
      visitor.call('setns', [fd, alone ? flags | CLONE.NEWUSER : flags])
      return visitor
    },
    makeCgroup(name) {
      const path = `${required(cgroupMount, 'a place for control groups')}/${OWN_NAME}-${name}`
      host.call('mkdirat', [AT.FDCWD, path, 0o755])
      undos.push(() => removeCgroup(path))
      return path
    },
    ownCgroup(name) {
      const path = `${required(cgroupMount, 'a place for control groups')}/${OWN_NAME}-${name}`
      if (fileType(path) === undefined) throw new LessonError(`Cannot find ${path}: it was not made`)
      return path
    },
    device() {
      device ??= makeLoopDevice(host, folder)
      return device
    },
    pause(milliseconds) {
      // ppoll(2) takes less than a second of nanoseconds.
      for (let left = milliseconds; left > 0; left -= 500) sleep(Math.min(left, 500))
    },
    until(happened) {
      for (let tries = 0; tries < TRIES && !happened(); tries++) sleep(TRY_MILLISECONDS)
    },
    atEnd: (undo) => undos.push(undo),
    keep: (name, value) => kept.set(name, value),
    kept: (name) => required(kept.get(name), `the ${name}: the step that makes it was left out`),
    keepBytes: (name, bytes) => keptBytes.set(name, bytes),
    keptBytes: (name) => required(keptBytes.get(name), `the ${name}: the step that makes it was left out`),
    takeNotes() {
      const taken = notes
      notes = []
      return taken
    },
    close() {
      if (device) host.run('losetup', '--detach', device)
      for (const undo of undos.reverse()) undo()
      for (const subject of [...subjects.values()].reverse()) subject.end()
      removeTree(folder)
    },
  }
}

function makeLoopDevice(host: Subject, folder: string): string {
  host.run('dd', 'if=/dev/zero', `of=${folder}/disk`, 'bs=1M', 'count=8')
  const { code, output } = host.run('losetup', '--find', '--show', `${folder}/disk`)
  if (code !== 0) throw new LessonError(`Cannot make a loop device: ${output}`)
  return output
}

/** The kernel of the host, and its files; but what is done in `flags` ends with the lesson. */
function makeStandIn(flags: number, rootless: boolean, notebook: Notebook): Subject {
  const subject = forkSubject('host', rootless ? 0 : flags, notebook)
  if (rootless) {
    becomeRootInside(subject)
    subject.call('unshare', [flags])
  }
  if (flags & CLONE.NEWNS) subject.call('mount', [null, '/', null, 0x44000, null])
  return subject
}
