/** All the files under refs/, wherever layout.ts has put them. */
import { O } from '../../linux/abi/arch.ts'
import { AT } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { readDirectory } from '../layer/remove-tree.ts'
import type { ImageSnapshot } from '../snapshot.ts'
import { readFile } from './files.ts'

export function* eachSnapshot(root: string): Generator<ImageSnapshot> {
  const folders = [`${root}/refs`]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const fd = attempt('openat', [AT.FDCWD, folder, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0])
    if (fd < 0) continue
    const names = readDirectory(fd)
    call('close', [fd])
    for (const name of names) {
      if (!name.endsWith('.json')) folders.push(`${folder}/${name}`)
      else yield JSON.parse(readFile(`${folder}/${name}`)!.toString()) as ImageSnapshot
    }
  }
}
