/** `tinyctr publish-slirp`: published ports of a container whose network is slirp4netns; its plan calls it. */
import { publishWithSlirp } from '../../engine/network/user-mode/publish-slirp.ts'
import { readTextIfAny } from '../../linux/file.ts'
import { defineCommand } from '../command.ts'

export const publishSlirp = defineCommand({
  usage: 'FOLDER',
  summary: "Publish a container's ports through slirp4netns; its plan calls it",
  flags: {},
  least: 1,
  most: 1,
  hidden: true,
  async execute({ positionals: [folder = ''] }) {
    const text = readTextIfAny(`${folder}/network`)
    if (text) await publishWithSlirp(folder, text)
    return 0
  },
})
