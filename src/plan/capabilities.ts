/**
 * The five capability sets of the container's process (capabilities(7)).
 *
 * The bounding set is dropped first, while CAP_SETPCAP is still there; the others are set after the user changes, kept
 * across that change by PR_SET_KEEPCAPS; ambient ones come last because they must be permitted and inheritable.
 */

import { CAPABILITIES, capabilityNumber } from '../linux/abi/capability.ts'
import { PR, PR_CAP_AMBIENT } from '../linux/abi/flags.ts'
import type { Named } from '../linux/abi/kinds.ts'
import type { Capabilities, Config } from '../oci/runtime-spec.ts'
import { call, each, type Step } from './step.ts'

const _LINUX_CAPABILITY_VERSION_3 = 0x20080522
const AT = '/process/capabilities'

const named = (name: string): Named => ({ name, value: capabilityNumber(name) as number })

/** A name that no kernel has is no reason to fail: what it stands for cannot be had (config.md, "capabilities"). */
const namesOf = (capabilities: Capabilities | undefined, set: keyof Capabilities): readonly string[] =>
  (capabilities?.[set] ?? []).filter((name) => capabilityNumber(name) !== undefined)

const maskOf = (names: readonly string[]): bigint =>
  names.reduce((mask, name) => mask | (1n << BigInt(capabilityNumber(name) as number)), 0n)

/** Before the user changes. A capability this kernel does not know (EINVAL) cannot be held either. */
export function boundingSteps(config: Config): Step[] {
  const kept = new Set(namesOf(config.process?.capabilities, 'bounding'))
  const dropped = CAPABILITIES.filter((name) => !kept.has(name))
  return [
    ...(dropped.length > 0
      ? [
          call('prctl', [PR.CAPBSET_DROP, each(dropped.map(named)), 0, 0, 0], {
            tolerate: ['EINVAL'],
            why: 'no program in the container can ever gain these',
            at: `${AT}/bounding`,
          }),
        ]
      : []),
    ...(config.process?.user?.uid
      ? [
          call('prctl', [PR.SET_KEEPCAPS, 1, 0, 0, 0], {
            why: 'leaving uid 0 would drop the sets we are about to choose',
            at: AT,
          }),
        ]
      : []),
  ]
}

/** After the user has changed. */
export function capabilitySteps(config: Config): Step[] {
  const capabilities = config.process?.capabilities
  const [permitted, inheritable] = [namesOf(capabilities, 'permitted'), namesOf(capabilities, 'inheritable')]
  // One that is not both permitted and inheritable cannot become ambient (capabilities(7)).
  const ambient = namesOf(capabilities, 'ambient').filter(
    (name) => permitted.includes(name) && inheritable.includes(name),
  )
  const steps: Step[] = [
    call(
      'capset',
      [
        { version: _LINUX_CAPABILITY_VERSION_3, pid: 0 },
        {
          effective: maskOf(namesOf(capabilities, 'effective')),
          permitted: maskOf(permitted),
          inheritable: maskOf(inheritable),
        },
      ],
      { why: 'what the process may do, and no more', at: AT },
    ),
    // Where nothing is inheritable, capset(2) has just lowered what was ambient.
    ...(inheritable.length > 0
      ? [
          call(
            'prctl',
            [PR.CAP_AMBIENT, { name: 'PR_CAP_AMBIENT_CLEAR_ALL', value: PR_CAP_AMBIENT.CLEAR_ALL }, 0, 0, 0],
            {
              why: 'nothing ambient is handed down by accident',
              at: `${AT}/ambient`,
            },
          ),
        ]
      : []),
  ]
  if (ambient.length > 0) {
    steps.push(
      call(
        'prctl',
        [
          PR.CAP_AMBIENT,
          { name: 'PR_CAP_AMBIENT_RAISE', value: PR_CAP_AMBIENT.RAISE },
          each(ambient.map(named)),
          0,
          0,
        ],
        {
          why: 'these survive the execve of a program without file capabilities',
          at: `${AT}/ambient`,
        },
      ),
    )
  }
  return steps
}
