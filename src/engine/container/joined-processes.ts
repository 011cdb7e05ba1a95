/** `--pid container:NAME`: the processes of another container are seen, and are one's own to signal. */
import { StateError } from '../../errors.ts'
import { spoilPremises } from '../../linux/premises.ts'
import type { HostFacts } from '../host-facts.ts'
import type { ContainerFolders } from './record.ts'

/** @throws StateError with Docker's words */
export async function withProcesses(
  facts: HostFacts,
  mode: string,
  { dataRoot }: ContainerFolders,
): Promise<HostFacts> {
  if (!mode.startsWith('container:')) return facts
  // Who has the name, and which process it is, may be another the next time.
  spoilPremises()
  const { findContainer } = await import('./list.ts')
  const { id, state } = findContainer(dataRoot, mode.slice('container:'.length))
  if (state.pid === 0) throw new StateError(`cannot join PID of a non running container: ${id}`)
  return { ...facts, pidNamespace: `/proc/${state.pid}/ns/pid` }
}
