/** `start`: a container that was made before runs (again). */
import { StateError } from '../../errors.ts'
import { AT } from '../../linux/abi/flags.ts'
import { attempt } from '../../linux/call.ts'
import type { Launch } from '../launch.ts'
import { type Manner, prepareContainer } from '../run-image.ts'
import type { Container } from './list.ts'
import { type ContainerFolders, containerFolder } from './record.ts'

/** @throws StateError with docker's words */
export function prepareStart(
  folders: ContainerFolders,
  container: Container,
  manner: Manner,
): Promise<Launch> {
  const { id, record, state } = container
  if (state.status === 'paused') throw new StateError('cannot start a paused container, try unpause instead')
  // Of the last time.
  attempt('unlinkat', [AT.FDCWD, `${containerFolder(folders.dataRoot, id)}/error`, 0])
  return prepareContainer(
    {
      id: { prepared: id, own: id },
      image: record.image,
      // The name may have changed, and is given already.
      options: { ...record.options, name: undefined },
      isNew: false,
    },
    folders,
    manner,
  )
}
