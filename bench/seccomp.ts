/**
 * Docker's default profile compiled by tinyctr and by libseccomp, each time in a new process: instructions, and
 * milliseconds (least and median) without the start of the process. Interleaved, so that both meet the same noise.
 *   node --import tsx bench/seccomp.ts [RUNS]
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { resolveSeccompProfile } from '../src/engine/config/seccomp-profile.ts'
import { seccompDigestInput } from '../src/plan/seccomp/digest.ts'
import { compileSeccomp } from '../src/plan/seccomp.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const X64 = 'SCMP_ARCH_X86_64'
const SETS = [[X64], [X64, 'SCMP_ARCH_X86'], [X64, 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']] as const

const docker = JSON.parse(readFileSync(`${root}src/engine/config/default-seccomp.json`, 'utf8'))
const resolved = resolveSeccompProfile(docker, {
  capabilities: [],
  architecture: 'amd64',
  kernelRelease: '6.1',
})
const profileOf = (set: number) => ({ ...resolved, architectures: [...SETS[set]!] })

interface Result {
  instructions: number
  [step: string]: number
}

/** In the child: one cold compile. */
function once(set: number): Result {
  const profile = profileOf(set)
  const began = performance.now()
  const program = compileSeccomp(profile, X64)
  const compiled = performance.now()
  const input = seccompDigestInput(profile, X64)
  const read = performance.now()
  createHash('sha256').update(input).digest('hex')
  const digested = performance.now()
  return {
    instructions: program.length / 8,
    compile: compiled - began,
    'digest input': read - compiled,
    'sha256 of it': digested - read,
  }
}

function libseccomp(set: number): Result | undefined {
  try {
    const input = JSON.stringify(profileOf(set))
    const script = `${root}test/security/libseccomp-filter.py`
    const answer = JSON.parse(
      execFileSync('python3', [script], { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] }),
    )
    return { instructions: answer.filter.length / 16, 'build and export': answer.milliseconds }
  } catch {
    return undefined
  }
}

function print(who: string, results: Result[]) {
  const { instructions: _, ...steps } = results[0]!
  for (const step of Object.keys(steps)) {
    const times = results.map((result) => result[step]!).sort((a, b) => a - b)
    const [least, median] = [times[0]!, times[times.length >> 1]!].map((time) => time.toFixed(2))
    console.log(`  ${who.padEnd(12)} ${step.padEnd(17)} ${least!.padStart(7)} ${median!.padStart(7)} ms`)
  }
}

const [mode, set] = process.argv.slice(2)
if (mode === 'once') console.log(JSON.stringify(once(Number(set))))
else {
  const runs = Number(mode ?? 15)
  const child = (set: number): Result =>
    JSON.parse(
      execFileSync(`${root}node_modules/.bin/bun`, [fileURLToPath(import.meta.url), 'once', String(set)], {
        encoding: 'utf8',
      }),
    )
  for (const [index, architectures] of SETS.entries()) {
    const ours: Result[] = []
    const theirs: Result[] = []
    for (let run = 0; run < runs; run++) {
      ours.push(child(index))
      const result = libseccomp(index)
      if (result) theirs.push(result)
    }
    console.log(architectures.map((name) => name.replace('SCMP_ARCH_', '').toLowerCase()).join(' + '))
    console.log(
      `  instructions: tinyctr ${ours[0]!.instructions}, libseccomp ${theirs[0]?.instructions ?? 'not here'}`,
    )
    print('tinyctr', ours)
    if (theirs.length > 0) print('libseccomp', theirs)
  }
}
