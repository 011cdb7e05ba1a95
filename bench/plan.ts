/**
 * Ten thousand plans compiled and encoded, one after the other: microseconds of each, and what the heap has grown by.
 * The plan is the one of test/golden/podman.json, without its seccomp profile (bench/seccomp.ts has that).
 *   node --expose-gc --import tsx bench/plan.ts [PLANS]
 */
import { compilePlan } from '../src/plan/compile.ts'
import { encodePlan } from '../src/plan/encode.ts'
import { INPUTS } from '../test/plan/plan-inputs.ts'

const plans = Number(process.argv[2] ?? 10_000)
const BATCH = 100
const input = INPUTS.podman!

function microsecondsOfBatch(): number {
  const began = performance.now()
  for (let i = 0; i < BATCH; i++) {
    const explain = { argv: ['/explain'], envp: [], source: `${i}` }
    encodePlan(compilePlan(input), { architecture: 'x64', explain })
  }
  return ((performance.now() - began) * 1000) / BATCH
}

function heapUsed(): number {
  for (let i = 0; i < 4; i++) globalThis.gc!()
  return process.memoryUsage().heapUsed
}

if (!globalThis.gc) throw new Error('needs --expose-gc')
const cold = performance.now()
const { host, container, cleanup } = compilePlan(input)
console.log(
  `${host.length + container.length + cleanup.length} steps; the first compile ${(performance.now() - cold).toFixed(1)} ms`,
)
for (let i = 0; i < 10; i++) microsecondsOfBatch()
const before = heapUsed()
const batches = Array.from({ length: Math.ceil(plans / BATCH) }, microsecondsOfBatch).sort((a, b) => a - b)
const grown = heapUsed() - before
const [least, median] = [batches[0]!, batches[batches.length >> 1]!].map(Math.round)
console.log(`compile and encode, warm: ${least} / ${median} us (min/median of batches of ${BATCH})`)
console.log(`the heap has grown by ${(grown / 1024).toFixed(0)} kB after ${plans} plans`)
