/** A process that starts others and measures them (timer.c); one for each mount namespace that the peers need. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

// The machine that measures gets no bridge of ours; who measures networks says so.
process.env.TINYCTR_NETWORK ??= 'none'

export interface Sample {
  readonly wallMilliseconds: number
  /** User and system, of the program and of what it waited for. */
  readonly cpuMilliseconds: number
  /** The most memory that one of them had at a time. */
  readonly megabytes: number
}

export interface Timer {
  /** @throws Error when the program fails */
  measure(command: readonly string[]): Promise<Sample>
  stop(): void
}

export const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Compiles bench/NAME.c into `folder`; the path of the program. */
export function compileC(name: string, folder: string): string {
  const program = `${folder}/${name}`
  execFileSync('cc', ['-Os', '-static', '-Wall', '-Wextra', '-Werror', '-o', program, here(`${name}.c`)])
  return program
}

/** @param wrapper a command that starts the timer where it shall live; its own cost is paid once, and not measured */
export function startTimer(program: string, wrapper: readonly string[] = []): Timer {
  const [file = program, ...args] = [...wrapper, program]
  const timer: ChildProcess = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: timer.stdout! })[Symbol.asyncIterator]()
  return {
    async measure(command) {
      timer.stdin!.write(`${command.join('\t')}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error(`Cannot start ${command[0]}: the timer has ended`)
      const [status, wall = 0, cpu = 0, kilobytes = 0] = (value as string).split(' ').map(Number)
      if (status !== 0) throw new Error(`Cannot measure ${command.join(' ')}: it exited with ${status}`)
      return { wallMilliseconds: wall / 1000, cpuMilliseconds: cpu / 1000, megabytes: kilobytes / 1000 }
    },
    stop: () => timer.stdin!.end(),
  }
}
