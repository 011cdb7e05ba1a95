/** `delete`: frees everything that a container has on the host. */
import { StateError } from '../errors.ts'
import { AT, MNT } from '../linux/abi/flags.ts'
import { attempt } from '../linux/call.ts'
import { fileType } from '../linux/file.ts'
import { removeCgroup, removeTree } from '../linux/remove.ts'
import { rdtFolders } from '../plan/intel-rdt.ts'
import { RESCTRL } from './host-wishes.ts'
import { endProcess } from './kill.ts'
import { type Container, checkId, findContainer, lockContainer } from './state.ts'
import { statusOf } from './status.ts'
import type { Scope } from './systemd/scope.ts'

/**
 * @param force ends it first; and that there is none is no error
 * @returns what poststop hooks had to complain of
 */
export async function deleteContainer(root: string, id: string, force: boolean): Promise<string[]> {
  checkId(id)
  const folder = `${root}/${id}`
  if (fileType(folder) === undefined) {
    if (force) return []
    throw new StateError(`container "${id}" does not exist`)
  }
  const lock = lockContainer(folder)
  try {
    const container = findContainer(root, id)
    // Somebody was killed while making it, before there was anything but the folder.
    if (!container) {
      removeTree(folder)
      return []
    }
    const { process, state } = container
    const status = statusOf(container)
    if (!force && status !== 'stopped' && status !== 'created')
      throw new StateError(`cannot delete container ${id} that is not stopped: ${status}`)
    // A frozen process cannot end before its cgroup goes.
    const frozen = status === 'paused' && state.cgroup !== undefined
    if (process && !frozen && !endProcess(process))
      throw new StateError(`container ${id} does not end: it ignores SIGKILL`)
    // A restore that was killed half-way has its root mounted there.
    attempt('umount2', [`${folder}/criu-root`, MNT.DETACH])
    if (state.cgroup !== undefined) removeCgroup(state.cgroup)
    if (state.scope) await forgetScope(state.scope)
    return await poststop(container)
  } finally {
    lock.close()
  }
}

/** Without a systemd that answers there is nothing left to tell it: nobody is in the scope any more. */
async function forgetScope(scope: Scope): Promise<void> {
  const { stopScope } = await import('./systemd/scope.ts')
  try {
    stopScope(scope)
  } catch (error) {
    if (!(error instanceof StateError)) throw error
  }
}

/** The folder goes before the hooks run: for them the container is gone. */
async function poststop({ folder, state }: Container): Promise<string[]> {
  const { readConfig } = await import('./saved-config.ts')
  const config = readConfig(folder)
  for (const group of rdtFolders(config, RESCTRL, state.id))
    attempt('unlinkat', [AT.FDCWD, group, AT.REMOVEDIR])
  removeTree(folder)
  if (!config.hooks?.poststop?.length) return []
  const { runHooks } = await import('./hooks.ts')
  const { hookStateOf } = await import('./create-plan.ts')
  return runHooks(config, 'poststop', hookStateOf(state), 'stopped')
}
