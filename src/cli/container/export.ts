/** `tinyctr export`: a container's file system as a tar. */

import { findContainer } from '../../engine/container/list.ts'
import { recordContainerEvent } from '../../engine/events/record-event-of.ts'
import { exportContainer } from '../../engine/image/export-container.ts'
import { defineCommand } from '../command.ts'
import { checkOutput, writeOutput } from '../screen/output-file.ts'

export const exportCommand = defineCommand({
  usage: '[OPTIONS] CONTAINER',
  summary: "Export a container's filesystem as a tar archive",
  examples: ['tinyctr export -o web.tar web'],
  flags: {
    output: { takes: 'one', short: 'o', value: 'FILE', help: 'Write to a file, instead of STDOUT' },
  },
  least: 1,
  most: 1,
  completes: 'containers',
  mapped: true,
  async execute({ flags: { output }, positionals: [word = ''], folders: { dataRoot } }) {
    checkOutput(output, 'export')
    const container = findContainer(dataRoot, word)
    await exportContainer(dataRoot, word, (tar) => writeOutput(output, tar))
    recordContainerEvent(dataRoot, container, 'export')
    return 0
  },
})
