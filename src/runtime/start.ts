/** `start`: lets a created container become its program, and sees whether it did. */
import { StateError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { E } from '../linux/abi/errno.ts'
import { AT } from '../linux/abi/flags.ts'
import { attempt, call } from '../linux/call.ts'
import { readFile, readText } from '../linux/file.ts'
import type { CreateInput } from './create-plan.ts'
import { type Container, lockContainer, readContainer, START_PIPE } from './state.ts'
import { statusOf } from './status.ts'

/** @throws StateError, also with the explanation of the step that failed */
export async function start(root: string, id: string): Promise<void> {
  const lock = lockContainer(readContainer(root, id).folder)
  try {
    const container = readContainer(root, id)
    // It has failed already where native/door.c let it go and leaves the words to us.
    if (!readVerdict(container.folder)) letGo(container)
    const failed = readVerdict(container.folder)
    if (failed) throw await explained(container, failed)
    await poststart(container)
  } finally {
    lock.close()
  }
}

/** Writes the byte that it waits for; returns when the pipe has no reader left: execve(2) closed it, or a failure. */
function letGo(container: Container): void {
  const status = statusOf(container)
  if (status === 'stopped') throw new StateError('cannot start a container that has stopped')
  if (status === 'paused') throw new StateError('cannot start a container that is paused: resume it first')
  const path = `${container.folder}/${START_PIPE}`
  const fd = attempt('openat', [AT.FDCWD, path, O.WRONLY | O.NONBLOCK | O.CLOEXEC, 0])
  if (fd === -E.NXIO || fd === -E.NOENT) throw new StateError('cannot start an already running container')
  if (fd < 0) call('openat', [AT.FDCWD, path, O.WRONLY | O.NONBLOCK | O.CLOEXEC, 0])
  try {
    call('write', [fd, '1'])
    awaitLastReader(fd)
  } finally {
    call('close', [fd])
  }
}

/** POLLERR, which needs no asking for: the last reader has gone (poll(2)). */
function awaitLastReader(fd: number): void {
  const poll = new Uint8Array(8)
  new DataView(poll.buffer).setInt32(0, fd, true)
  while (attempt('ppoll', [poll, 1, null, null, 0]) === -E.INTR);
}

interface Verdict {
  readonly step: number
  readonly errno: number
}

function readVerdict(folder: string): Verdict | undefined {
  const bytes = readFile(`${folder}/verdict`)
  const [step = 0, errno = 0] = new Int32Array(bytes.buffer, bytes.byteOffset, 2)
  return step === 0 ? undefined : { step, errno }
}

/** The failed process waits to be looked at. */
async function explained({ folder, process }: Container, verdict: Verdict): Promise<StateError> {
  const { createPlan } = await import('./create-plan.ts')
  const { explainCreate } = await import('./explain-create.ts')
  const { endProcess } = await import('./kill.ts')
  const { created } = JSON.parse(readText(`${folder}/source`)) as { created: CreateInput }
  const pid = process?.pid ?? 0
  const text = explainCreate(created, createPlan(created), { ...verdict, pid }, String(pid))
  if (process) endProcess(process)
  return new StateError(text.replace(/^tinyctr: /, ''))
}

async function poststart({ folder, state, process }: Container): Promise<void> {
  const { readConfig } = await import('./saved-config.ts')
  const config = readConfig(folder)
  if (!config.hooks?.poststart?.length) return
  const { runHooks } = await import('./hooks.ts')
  const { hookStateOf } = await import('./create-plan.ts')
  const failures = runHooks(config, 'poststart', hookStateOf(state), 'running', process?.pid)
  if (failures.length === 0) return
  // As runc: a container whose poststart hook failed does not stay.
  if (process) (await import('./kill.ts')).endProcess(process)
  throw new StateError(failures.join('\n'))
}
