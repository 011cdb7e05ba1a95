/** Plans made by hand or compiled, run by the executor itself: no JavaScript in between. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { architecture } from '../../src/linux/call.ts'
import type { EncodeOptions } from '../../src/plan/encode.ts'
import { encodePlan } from '../../src/plan/encode.ts'
import { call, PID, type Plan, type Step } from '../../src/plan/step.ts'

export const EXECUTOR = new URL('../../build/native/executor', import.meta.url).pathname
export const BUSYBOX = '/bin/busybox'
export const skip = process.getuid?.() !== 0 && 'needs root'

if (!skip) {
  const made = spawnSync('make', ['-C', new URL('../../native', import.meta.url).pathname], {
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(made.stderr)
}

/** Everything these tests write. */
export const SCRATCH = mkdtempSync(join(tmpdir(), 'tinyctr-native-'))
// Root of a user namespace must find its way in.
chmodSync(SCRATCH, 0o755)
after(() => rmSync(SCRATCH, { recursive: true, force: true }))

let counter = 0
export const scratch = (name: string): string => join(SCRATCH, `${++counter}-${name}`)

/** A root filesystem with nothing but busybox. */
export function makeRootfs(): string {
  const rootfs = scratch('rootfs')
  mkdirSync(join(rootfs, 'bin'), { recursive: true })
  copyFileSync(BUSYBOX, join(rootfs, 'bin/busybox'))
  for (const name of ['sh', 'cat', 'ls', 'stat', 'sleep', 'id', 'readlink', 'true', 'grep'])
    symlinkSync('busybox', join(rootfs, 'bin', name))
  return rootfs
}

export const cloneStep = (flags = 0): Step =>
  call('clone3', [{ flags, exit_signal: 17 }], { role: 'container', into: PID, why: 'the container' })

/** A shell of the host as the program. */
export const shellStep = (script: string): Step =>
  call('execve', [BUSYBOX, ['sh', '-c', script], ['PATH=/bin:/usr/bin']], { why: 'the program' })

export const shellPlan = (script: string, parts: Partial<Plan> = {}): Plan => ({
  host: parts.host ?? [cloneStep()],
  container: [...(parts.container ?? []), shellStep(script)],
  cleanup: parts.cleanup ?? [],
})

/** Says on stderr what the executor told it, and whether the failed container was still there to be looked at. */
const EXPLAIN = [
  BUSYBOX,
  'sh',
  '-c',
  // Its arguments: the fd of the plan, the step, the errno, the container or 0.
  '[ -e /proc/self/fd/$1 ] && echo "step $2 errno $3 container $([ $4 -gt 0 ] && kill -0 $4 && echo there)" >&2; exit 42',
  'explain',
]

export const encode = (
  plan: Plan,
  explain: readonly string[] = EXPLAIN,
  flags: Partial<EncodeOptions> = {},
) => encodePlan(plan, { architecture, explain: { argv: explain, envp: ['A=b'], source: '{}' }, ...flags })

function openPlan(bytes: Uint8Array): number {
  const file = scratch('plan')
  writeFileSync(file, bytes)
  return openSync(file, 'r')
}

export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const LONGEST_MILLISECONDS = 20_000

export function runPlan(plan: Plan, explain?: readonly string[]): Result {
  const fd = openPlan(encode(plan, explain))
  const { status, stdout, stderr } = spawnSync(EXECUTOR, ['3'], {
    stdio: ['ignore', 'pipe', 'pipe', fd],
    encoding: 'utf8',
    timeout: LONGEST_MILLISECONDS,
    killSignal: 'SIGKILL',
  })
  closeSync(fd)
  return { code: status, stdout, stderr }
}

export interface Running {
  readonly process: ChildProcess
  readonly pid: number
  /** Resolves once stdout holds this text `times`. */
  said(text: string, times?: number): Promise<void>
  readonly ended: Promise<number | null>
}

export function startPlan(plan: Plan): Running {
  const fd = openPlan(encode(plan))
  const child = spawn(EXECUTOR, ['3'], { stdio: ['ignore', 'pipe', 'inherit', fd] })
  closeSync(fd)
  return follow(child)
}

export function follow(child: ChildProcess): Running {
  let text = ''
  let ended = false
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const code = new Promise<number | null>((resolve) => {
    child.on('close', (exitCode) => {
      ended = true
      resolve(exitCode)
    })
  })
  const pid = child.pid as number
  // A test that fails half-way leaves nothing running, which would keep the whole file from ending.
  after(() => {
    if (ended) return
    for (const below of childrenOf(pid)) process.kill(below, 'SIGKILL')
    child.kill('SIGKILL')
  })
  return {
    process: child,
    pid,
    said: (wanted, times = 1) =>
      until(() => {
        if (text.split(wanted).length > times) return true
        if (ended) throw new Error(`it ended and said only ${JSON.stringify(text)}`)
        return false
      }),
    ended: code,
  }
}

/** Looks again and again, at most for so long. */
export async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + LONGEST_MILLISECONDS
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`still not so: ${isSo}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}

/** A zombie is gone too. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
