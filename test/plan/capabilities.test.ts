/** The five sets as prctl and capset take them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CAPABILITIES } from '../../src/linux/abi/capability.ts'
import type { Capabilities } from '../../src/oci/runtime-spec.ts'
import { boundingSteps, capabilitySteps } from '../../src/plan/capabilities.ts'
import { printStep } from '../../src/plan/print.ts'
import { type CallStep, isEach } from '../../src/plan/step.ts'
import { leastConfig } from './plan-inputs.ts'

const configOf = (capabilities?: Capabilities) =>
  leastConfig(capabilities ? { process: { capabilities } } : {})
const dropped = (capabilities?: Capabilities): string[] => {
  const step = boundingSteps(configOf(capabilities))[0] as CallStep | undefined
  const names = step?.args[1]
  return names !== undefined && isEach(names) ? names.each.map((one) => (one as { name: string }).name) : []
}
const printed = (capabilities: Capabilities) => capabilitySteps(configOf(capabilities)).map(printStep)

test('the bounding set keeps what is listed and drops the rest', () => {
  assert.deepEqual(dropped(), CAPABILITIES)
  assert.deepEqual(
    dropped({ bounding: ['CAP_KILL', 'CAP_CHOWN'] }),
    CAPABILITIES.filter((name) => name !== 'CAP_KILL' && name !== 'CAP_CHOWN'),
  )
  assert.deepEqual(dropped({ bounding: [...CAPABILITIES] }), [])
})

test('only who leaves uid 0 has capabilities to keep', () => {
  const asUser = (uid: number) =>
    boundingSteps(leastConfig({ process: { user: { uid, gid: 0 } } }))
      .map(printStep)
      .join()
  assert.match(asUser(1000), /PR_SET_KEEPCAPS, 1/)
  assert.doesNotMatch(asUser(0), /KEEPCAPS/)
})

test('a capability is the bit of its number, past 31 too', () => {
  assert.match(
    printed({
      effective: ['CAP_CHOWN'],
      permitted: ['CAP_CHOWN', 'CAP_SYS_ADMIN', 'CAP_CHECKPOINT_RESTORE'],
    })[0]!,
    /\{effective=0x1, permitted=0x10000200001, inheritable=0x0\}/,
  )
})

test('ambient is what is permitted and inheritable too', () => {
  const both = ['CAP_KILL', 'CAP_CHOWN']
  const ambient = ['CAP_KILL', 'CAP_CHOWN', 'CAP_FOWNER']
  const raised = printed({ permitted: [...both, 'CAP_FOWNER'], inheritable: both, ambient }).at(-1)
  assert.equal(raised, 'prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, {CAP_KILL, CAP_CHOWN})  ×2')
  assert.doesNotMatch(printed({ permitted: both, ambient }).join(), /RAISE/)
})

test('bits of the wire: low words, then high words', async () => {
  const { encodePlan } = await import('../../src/plan/encode.ts')
  const { decodePlan } = await import('./decode-plan.ts')
  const host = capabilitySteps(
    configOf({ effective: ['CAP_KILL'], permitted: ['CAP_KILL', 'CAP_BPF'], inheritable: ['CAP_PERFMON'] }),
  )
  const bytes = encodePlan(
    { host, container: [], cleanup: [] },
    { architecture: 'x64', explain: { argv: [], envp: [], source: '' } },
  )
  const { records, word } = decodePlan(bytes)
  const data = Number(records[0]!.args[1])
  const words = [0, 8, 16].flatMap((offset) => [
    Number(word(data + offset) & 0xffffffffn),
    Number(word(data + offset) >> 32n),
  ])
  assert.deepEqual(words, [1 << 5, 1 << 5, 0, 0, 1 << (39 - 32), 1 << (38 - 32)])
})
