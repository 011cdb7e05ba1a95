/** The names that shells complete: of what there is on this machine. */
import { namesFolder } from '../../engine/container/names.ts'
import { listFolder } from '../../linux/file.ts'
import type { Completes } from '../command.ts'
import type { StateFolders } from '../state-folders.ts'

interface Name {
  readonly word: string
  readonly description: string
}

/** Nothing is made and nothing is locked: a key was pressed. */
export async function namesOf(what: Completes, { dataRoot }: StateFolders): Promise<Name[]> {
  if (what === 'volumes')
    return listFolder(`${dataRoot}/volumes`).map((word) => ({ word, description: 'volume' }))
  if (what === 'networks') {
    const made = listFolder(`${dataRoot}/networks`).map((name) => name.replace(/\.json$/, ''))
    return ['bridge', 'host', 'none', ...made].map((word) => ({ word, description: 'network' }))
  }
  const images = what === 'containers' ? [] : await imageNames(dataRoot)
  return what === 'images' ? images : [...containerNames(dataRoot), ...images]
}

const containerNames = (dataRoot: string): Name[] =>
  listFolder(namesFolder(dataRoot)).map((word) => ({ word, description: 'container' }))

async function imageNames(dataRoot: string): Promise<Name[]> {
  const [{ readIndex, referenceOf }, { familiar }] = await Promise.all([
    import('../../image/store/image-index.ts'),
    import('../image/stored-name.ts'),
  ])
  return readIndex(dataRoot).flatMap((entry) => {
    const reference = referenceOf(entry)
    return reference === undefined ? [] : [{ word: familiar(reference), description: 'image' }]
  })
}
