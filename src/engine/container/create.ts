/** `create`: everything of a container but its processes. */
import { O } from '../../linux/abi/arch.ts'
import { AT } from '../../linux/abi/flags.ts'
import { call } from '../../linux/call.ts'
import { makeFolder, writeAll } from '../../linux/file.ts'
import { removeTree } from '../../linux/remove.ts'
import type { Launch } from '../launch.ts'
import { makeReady } from '../launch.ts'
import { claimName, nameTaken } from './names.ts'
import { type ContainerFolders, containerFolder } from './record.ts'
import { appendEvent } from './status.ts'

/** @returns its id @throws StateError when its name is taken */
export async function createContainer(
  { dataRoot }: ContainerFolders,
  name: string | undefined,
  launch: Launch,
): Promise<string> {
  const id = launch.id.prepared
  const folder = containerFolder(dataRoot, id)
  await makeReady(launch)
  makeFolder(folder)
  try {
    const holder = name === undefined ? undefined : claimName(dataRoot, name, id)
    if (holder !== undefined && name !== undefined) throw nameTaken(name, holder)
    makeFolder(`${folder}/upper`, 0o755)
    makeFolder(`${folder}/work`)
    appendEvent(dataRoot, id, 'created')
    for (const [file, text] of Object.entries(launch.input.record?.files ?? {}))
      write(`${folder}/${file}`, text)
    return id
  } catch (error) {
    removeTree(folder)
    throw error
  }
}

function write(path: string, text: string): void {
  const fd = call('openat', [AT.FDCWD, path, O.WRONLY | O.CREAT | O.EXCL | O.CLOEXEC, 0o600])
  try {
    writeAll(fd, new TextEncoder().encode(text))
  } finally {
    call('close', [fd])
  }
}
