/** `tinyctr-runtime state`: runc's JSON. */
import { type Container, readContainer } from '../../runtime/state.ts'
import { statusOf } from '../../runtime/status.ts'
import { print } from '../screen/output.ts'
import { runtimeCommand } from './command.ts'

export const state = runtimeCommand({
  usage: 'ID',
  summary: 'Print the state of a container',
  flags: {},
  least: 1,
  most: 1,
  async execute({ positionals, global }) {
    const container = readContainer(global.root, positionals[0] as string)
    print(JSON.stringify(stateOf(container), undefined, 2))
    return 0
  },
})

/** In runc's order. */
export function stateOf(container: Container) {
  const { ociVersion, id, bundle, rootfs, annotations } = container.state
  const status = statusOf(container)
  return {
    ociVersion,
    id,
    pid: status === 'stopped' ? 0 : (container.process?.pid ?? 0),
    status,
    bundle,
    rootfs,
    created: container.created,
    ...(annotations ? { annotations } : {}),
    owner: '',
  }
}
