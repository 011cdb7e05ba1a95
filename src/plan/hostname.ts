/** The names in the container's own UTS namespace (uts_namespaces(7)). */
import type { Config } from '../oci/runtime-spec.ts'
import { call, type Step } from './step.ts'

export function hostnameSteps(config: Config): Step[] {
  const steps: Step[] = []
  if (config.hostname)
    steps.push(
      call('sethostname', [config.hostname], { why: 'the name it knows itself by', at: '/hostname' }),
    )
  if (config.domainname)
    steps.push(call('setdomainname', [config.domainname], { why: 'its NIS domain name', at: '/domainname' }))
  return steps
}
