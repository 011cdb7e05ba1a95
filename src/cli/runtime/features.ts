/** `tinyctr-runtime features`. */
import manifest from '../../../package.json' with { type: 'json' }
import { features as readFeatures } from '../../runtime/features.ts'
import { print } from '../screen/output.ts'
import { runtimeCommand } from './command.ts'

export const features = runtimeCommand({
  usage: '',
  summary: 'Print what this runtime can do here, as JSON',
  flags: {},
  least: 0,
  most: 0,
  async execute() {
    print(JSON.stringify(readFeatures(manifest.version), undefined, 2))
    return 0
  },
})
