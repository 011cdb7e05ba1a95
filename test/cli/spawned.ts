/** The whole command line as a process, on both runtimes: the shipped executable, and the sources on Node. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import '../no-network.ts'

const top = join(import.meta.dirname, '../..')
const built = join(top, 'build/tinyctr')

/** The words that start it, by runtime. */
export const runtimes: Record<string, string[]> = {
  node: [process.execPath, '--import', 'tsx', join(top, 'src/cli/main.ts')],
  ...(existsSync(built) && { executable: [built] }),
}

export interface Outcome {
  status: number | null
  stdout: string
  stderr: string
}

export async function spawned(
  command: readonly string[],
  args: readonly string[],
  { input = '', env = {} }: { input?: string; env?: Record<string, string> } = {},
): Promise<Outcome> {
  const [program = '', ...before] = command
  const child = spawn(program, [...before, ...args], { env: { ...process.env, ...env }, cwd: top })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const status = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { status: await status, stdout, stderr }
}
