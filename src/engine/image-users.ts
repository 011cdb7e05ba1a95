/** Which containers need which images: what `rmi` and `prune` must not take from under them. */
import { listContainers } from './container/list.ts'

export interface ImageUser {
  readonly container: string
  readonly running: boolean
  /** The image's id. */
  readonly image: string
  /** The directories it is mounted from: they stay though every name of the image goes. */
  readonly layers: readonly string[]
}

const ended: readonly string[] = ['created', 'exited', 'dead']

/** Complete only while nobody holds the images: `run` does until its container is recorded. */
export function imageUsers(dataRoot: string): ImageUser[] {
  return listContainers(dataRoot).map(({ id, record: { image }, state }) => ({
    container: id,
    running: !ended.includes(state.status),
    image: image.id,
    layers: image.layerDirectories,
  }))
}
