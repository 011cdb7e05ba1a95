/** `tinyctr commit`: an image of what a container changed. */

import { findContainer } from '../../engine/container/list.ts'
import { whilePaused } from '../../engine/container/while-paused.ts'
import { recordContainerEvent } from '../../engine/events/record-event-of.ts'
import { commitContainer } from '../../engine/image/commit-container.ts'
import { ImageStore } from '../../image/store.ts'
import { defineCommand } from '../command.ts'
import { targetReference } from '../image/tag.ts'
import { print } from '../screen/output.ts'

export const commit = defineCommand({
  usage: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
  summary: "Create a new image from a container's changes",
  examples: ['tinyctr commit -c "CMD serve" -m "configured" web web:2'],
  flags: {
    author: {
      takes: 'one',
      short: 'a',
      value: 'NAME',
      help: 'Author (such as "Ada Lovelace <ada@example.org>")',
    },
    change: { takes: 'many', short: 'c', value: 'LINE', help: 'Apply a line of a Dockerfile to the image' },
    message: { takes: 'one', short: 'm', value: 'TEXT', help: 'Commit message' },
    pause: {
      takes: 'nothing',
      short: 'p',
      help: 'Pause the container meanwhile (the default; --pause=false: not)',
    },
  },
  least: 1,
  most: 2,
  completes: 'containers',
  mapped: true,
  async execute({ flags, positionals: [word = '', name], folders }) {
    const { author = '', change: changes = [], message = '', pause = true } = flags
    const reference = name === undefined ? undefined : targetReference(name)
    const store = new ImageStore(folders.dataRoot)
    try {
      const id = await commitContainer(store, word, {
        author,
        message,
        changes,
        ...(reference !== undefined && { reference }),
        whilePaused: (container, work) => (pause ? whilePaused(container, work) : work()),
      })
      recordContainerEvent(folders.dataRoot, findContainer(folders.dataRoot, word), 'commit', {
        comment: message,
      })
      print(id)
    } finally {
      store.close()
    }
    return 0
  },
})
