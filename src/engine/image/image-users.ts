/** Which containers need which images: what `rmi` and `prune` must not take from under them. */
import { listContainers } from '../container/list.ts'

export interface ImageUser {
  readonly container: string
  readonly running: boolean
  /** The image's id. */
  readonly image: string
  /** Its manifest: what that names stays, though every name of the image goes. */
  readonly manifest: string
}

const ended: readonly string[] = ['created', 'exited', 'dead']

/** Complete only while nobody holds the images: `run` does until its container is recorded. */
export function imageUsers(dataRoot: string): ImageUser[] {
  return listContainers(dataRoot).map(({ id, record: { image }, state }) => ({
    container: id,
    running: !ended.includes(state.status),
    image: image.id,
    manifest: image.manifest,
  }))
}
