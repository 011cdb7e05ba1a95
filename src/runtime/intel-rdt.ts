/** `update --l3-cache-schema --mem-bw-schema`: another share for a container that has a group (plan/intel-rdt.ts). */
import { StateError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AT } from '../linux/abi/flags.ts'
import { attempt } from '../linux/call.ts'
import type { IntelRdt } from '../oci/runtime-spec.ts'
import { schemataOf } from '../plan/intel-rdt.ts'
import { RESCTRL } from './host-wishes.ts'
import { readConfig } from './saved-config.ts'
import { readContainer } from './state.ts'

/** @throws StateError */
export function updateSchemata(root: string, id: string, asked: IntelRdt): void {
  const rdt = readConfig(readContainer(root, id).folder).linux?.intelRdt
  if (!rdt)
    throw new StateError(`Cannot set an Intel RDT schema: container ${id} was made without linux.intelRdt`)
  const path = `${RESCTRL}/${rdt.closID || id}/schemata`
  const fd = attempt('openat', [AT.FDCWD, path, O.WRONLY | O.CLOEXEC, 0])
  const written = attempt('write', [fd, schemataOf(asked)])
  attempt('close', [fd])
  if (written < 0)
    throw new StateError(`Cannot set an Intel RDT schema: ${path} does not take it (errno ${-written})`)
}
