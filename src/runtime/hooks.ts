/** The hooks that run while no plan does: poststart at `start`, poststop at `delete` (plan/hooks.ts has the others). */
import { spawnSync } from 'node:child_process'
import type { Config, Hook, Status } from '../oci/runtime-spec.ts'
import { type HookState, hookStateText } from '../plan/hooks.ts'
import { describeHookFailure } from './hook-failure.ts'

/**
 * Each in turn, with the state on its standard input.
 * @returns what went wrong, one text a hook; after a failed poststart hook none is run
 */
export function runHooks(
  config: Config,
  name: 'poststart' | 'poststop',
  state: HookState,
  status: Status,
  pid?: number,
): string[] {
  const failures: string[] = []
  const input = hookStateText(state, status, pid)
  for (const [i, hook] of (config.hooks?.[name] ?? []).entries()) {
    const failure = runHook({ env: [...(state.environment ?? [])], ...hook }, input, state.bundle)
    if (failure === undefined) continue
    failures.push(describeHookFailure(`${name} hook #${i}`, hook, failure.fact, failure.said))
    if (name === 'poststart') break
  }
  return failures
}

const MILLISECONDS = 1000

function runHook({ path, args, env, timeout }: Hook, input: string, cwd: string) {
  const { error, status, signal, stdout, stderr } = spawnSync(path, (args ?? [path]).slice(1), {
    argv0: args?.[0] ?? path,
    input,
    env: Object.fromEntries(
      (env ?? []).map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
    ),
    cwd,
    encoding: 'utf8',
    killSignal: 'SIGKILL',
    ...(timeout === undefined ? {} : { timeout: timeout * MILLISECONDS }),
  })
  if (status === 0) return undefined
  const fact =
    (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT'
      ? 'it took longer than its timeout and was killed'
      : error
        ? error.message
        : signal
          ? `it was killed by ${signal}`
          : `it exited with ${status}`
  return { fact, said: `${stdout ?? ''}${stderr ?? ''}`.trim() }
}
