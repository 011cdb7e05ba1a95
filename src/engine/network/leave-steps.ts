/** The end of a container's place on its networks, as steps of its clean-up. Its ports and devices go by themselves. */
import { AT } from '../../linux/abi/flags.ts'
import type { Slot } from '../../linux/abi/kinds.ts'
import { call, composed, each, type Step } from '../../plan/step.ts'
import type { ContainerPlanInput } from '../container-plan.ts'

/** @param made filled when the container's state folder is ours */
export function leaveSteps({ network, leaveNetworks, stateFolder }: ContainerPlanInput, made: Slot): Step[] {
  if (!network) return []
  const at = '--network'
  const leases = network.state.endpoints.flatMap((endpoint) => endpoint.leases)
  return [
    ...(leaveNetworks
      ? [
          composed('spawn', [[...leaveNetworks, stateFolder], made], {
            why: "take its names out of its neighbours' files",
            at,
            tolerate: ['ECANCELED'],
          }),
        ]
      : []),
    ...(leases.length === 0
      ? []
      : [
          call('unlinkat', [AT.FDCWD, each(leases), 0], {
            why: 'its addresses are free again',
            at,
            tolerate: ['ENOENT'],
          }),
        ]),
  ]
}
