/** What `run` starts and `plan` prints: the same flags make the same launch. */
import type { Launch } from '../../engine/launch.ts'
import {
  type DefaultNetwork,
  defaultNetworkMode,
  withDefaultNetwork,
} from '../../engine/network/default-network-mode.ts'
import { spoilPremises } from '../../linux/premises.ts'
import type { Invocation } from '../invocation.ts'
import { printError } from '../screen/output.ts'
import { pullMissing } from './pull-missing.ts'
import type { runFlags } from './run-flags.ts'
import { attachmentOf, isDirect } from './run-life.ts'
import { asksForNetwork } from './run-networks.ts'
import { runRequest } from './run-options.ts'
import { readSurroundings } from './surroundings.ts'

export async function prepareRun({
  flags,
  positionals,
  folders,
  environment,
}: Invocation<typeof runFlags>): Promise<Launch> {
  // What somebody's shell holds may be a secret, which must not outlive the container; what is typed is in the key.
  if (flags.env?.some((variable) => !variable.includes('='))) spoilPremises()
  const network: DefaultNetwork =
    flags.network === undefined && flags.bundle === undefined
      ? defaultNetworkMode(asksForNetwork(flags))
      : { mode: 'none' }
  const around = await readSurroundings(flags, environment, network.mode)
  const request = runRequest(flags, positionals, around)
  if (request.from === 'bundle')
    return (await import('../../engine/run-bundle.ts')).prepareBundle(request.options, folders)
  const { quiet } = request.options
  const { prepareImage } = await import('../../engine/run-image.ts')
  const manner = { attachment: attachmentOf(flags), direct: isDirect(flags) }
  const source = {
    warn: (line: string) => printError(`tinyctr: ${line}`),
    pull: pullMissing(folders, quiet),
  }
  return withDefaultNetwork(await prepareImage(request.options, folders, source, manner), network)
}
