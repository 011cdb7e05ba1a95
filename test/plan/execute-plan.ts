/** `execute-plan.ts native|ffi BUNDLE`: compiles the bundle's config and runs it; what the tests of executors start. */
import { listFolder, readText } from '../../src/linux/file.ts'
import { readHost } from '../../src/linux/host.ts'
import { parseConfig } from '../../src/oci/validate.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { encodePlan } from '../../src/plan/encode.ts'
import { type Plan, skipSteps } from '../../src/plan/step.ts'

const [executor, bundle = '', ...flags] = process.argv.slice(2)
const config = parseConfig(readText(`${bundle}/config.json`))
const host = readHost(config, bundle)
const numbersAfter = (flag: string): number[] =>
  flags.flatMap((one, i) => (one === flag ? [Number(flags[i + 1])] : []))
const compiled = compilePlan({
  config,
  host,
  bundle,
  dieWithParent: true,
  init: flags.includes('--init'),
})
const plan: Plan = skipSteps(compiled, numbersAfter('--skip'))

if (executor === 'native') {
  const { executeNative } = await import('../../src/linux/execute-native.ts')
  const explain = { argv: ['/bin/false'], envp: [], source: '' }
  executeNative(encodePlan(plan, { architecture: host.architecture, explain }))
}
const { executeWithFfi, StepFailure } = await import('../../src/linux/execute-ffi.ts')
const { walk } = await import('../../src/lab/walk.ts')
try {
  process.exitCode = await executeWithFfi(plan, {
    interactive: config.process?.terminal === true,
    ...(flags.includes('--step') ? { watch: walk({ interactive: false }) } : {}),
    ...(flags.includes('--explain')
      ? {
          explain: (failure) => {
            // While the failed half still waits, its root can be looked at.
            const root = listFolder(`/proc/${failure.pid}/root`).sort()
            process.stderr.write(`${JSON.stringify({ ...failure, pid: undefined, root })}\n`)
            return 125
          },
        }
      : {}),
  })
} catch (error) {
  if (!(error instanceof StepFailure)) throw error
  process.stderr.write(`${JSON.stringify({ ...error, pid: undefined })}\n`)
  process.exitCode = 124
}
