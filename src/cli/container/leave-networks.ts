/** `tinyctr leave-networks`: a container's names leave its neighbours' files; its clean-up calls it. */
import { leaveNames } from '../../engine/network/network-release.ts'
import { readTextIfAny } from '../../linux/file.ts'
import { defineCommand } from '../command.ts'

export const leaveNetworks = defineCommand({
  usage: 'FOLDER',
  summary: "Take a container's names from its networks; its clean-up calls it",
  flags: {},
  least: 1,
  most: 1,
  hidden: true,
  async execute({ positionals: [folder = ''] }) {
    const text = readTextIfAny(`${folder}/network`)
    if (text) await leaveNames(folder, text)
    return 0
  },
})
