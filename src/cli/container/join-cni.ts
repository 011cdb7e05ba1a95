/** `tinyctr join-cni`: a container's place on a CNI network; its plan calls it. */
import { readTextIfAny } from '../../linux/file.ts'
import { defineCommand } from '../command.ts'

export const joinCniNetwork = defineCommand({
  usage: 'FOLDER',
  summary: 'Give a container its place on a CNI network; its plan calls it',
  flags: {},
  least: 1,
  most: 1,
  hidden: true,
  async execute({ positionals: [folder = ''] }) {
    const { joinCni } = await import('../../engine/network/cni/join.ts')
    joinCni(folder, JSON.parse(readTextIfAny(`${folder}/network`) ?? '{}'))
    return 0
  },
})
