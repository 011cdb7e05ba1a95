/** `tinyctr-runtime --version`: the three lines that podman and Docker read. */
import manifest from '../../../package.json' with { type: 'json' }
import { OCI_VERSION } from '../../oci/runtime-spec.ts'
import { print } from '../screen/output.ts'

export function printRuntimeVersion(): number {
  const { version } = manifest
  print(`tinyctr-runtime version ${version}\ncommit: v${version}\nspec: ${OCI_VERSION}`)
  return 0
}
