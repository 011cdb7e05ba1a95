/**
 * A container that fails, as the front end sees it: `step-failure-run.ts run BUNDLE` compiles the bundle and becomes the
 * native executor, which starts `step-failure-run.ts explain BUNDLE PLAN-FD STEP ERRNO PID` when a step fails.
 */
import { readFileSync } from 'node:fs'
import { closest } from '../../src/cli/closest.ts'
import { P, W } from '../../src/linux/abi/flags.ts'
import { architecture, call } from '../../src/linux/call.ts'
import { executeNative } from '../../src/linux/execute-native.ts'
import { readHost } from '../../src/linux/host.ts'
import { printStepFailure } from '../../src/linux/step-failure.ts'
import { parseConfig } from '../../src/oci/validate.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { encodePlan } from '../../src/plan/encode.ts'

const [mode, bundle, , step, errno, pid] = process.argv.slice(2) as string[]
const config = parseConfig(readFileSync(`${bundle}/config.json`, 'utf8'))
const plan = compilePlan({ config, host: readHost(config, bundle as string), bundle: bundle as string })

if (mode === 'run') {
  const [runtime, file] = [process.execPath, import.meta.filename]
  const options = process.versions.bun ? [] : ['--import', 'tsx']
  const envp = Object.entries(process.env).map(([key, value]) => `${key}=${value}`)
  const explain = { argv: [runtime, ...options, file, 'explain', bundle as string], envp, source: '' }
  executeNative(encodePlan(plan, { architecture, explain }))
} else {
  const failed = Number(pid)
  const { text, exitCode } = printStepFailure({
    plan,
    step: Number(step),
    errno: Number(errno),
    config,
    closest,
    ...(failed > 0 ? { container: { pid: failed } } : {}),
  })
  if (failed > 0) {
    process.kill(failed, 'SIGKILL')
    call('waitid', [P.PID, failed, new Uint8Array(128), W.EXITED | W.__WALL, 0])
  }
  process.stdout.write(text)
  process.exitCode = exitCode
}
