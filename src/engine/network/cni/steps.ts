/** Host steps of a container on a CNI network: plugins run before it is made, and it enters what they made. */
import { O } from '../../../linux/abi/arch.ts'
import { AT, F, F_SEAL, MFD } from '../../../linux/abi/flags.ts'
import { call, composed, type Step, slot } from '../../../plan/step.ts'
import { NETWORK_OUTPUT_NAME } from '../../../plan/user-mode-network.ts'
import type { ContainerPlanInput } from '../../container-plan.ts'

const PATIENCE_MILLISECONDS = 120_000

export function joinCniSteps({ network, joinNetworks, stateFolder }: ContainerPlanInput): Step[] {
  if (!network || !joinNetworks) return []
  const at = '--network'
  const [input, output] = [slot('cni_input'), slot('network_output')]
  const argv = [...joinNetworks, stateFolder]
  return [
    call('openat', [AT.FDCWD, '/dev/null', O.RDONLY | O.CLOEXEC, 0], {
      into: input,
      why: 'plugins get their configuration from whoever runs them',
      at,
    }),
    call('memfd_create', [NETWORK_OUTPUT_NAME, MFD.ALLOW_SEALING], {
      into: output,
      why: 'what they say, for when one fails; it outlives our execve',
      at,
    }),
    composed('hook', [argv[0] as string, argv, ['HOME=/'], input, output, PATIENCE_MILLISECONDS], {
      why: 'set up the network with CNI plugins',
      at,
    }),
    call('fcntl', [output, F.ADD_SEALS, F_SEAL.GROW], { why: 'nothing more is to be said there', at }),
  ]
}
