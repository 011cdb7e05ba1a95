/** usage: node --expose-gc compile-often.ts TIMES. Compiles and encodes that often; prints by how much the heap grew. */
import { compilePlan } from '../../src/plan/compile.ts'
import { encodePlan } from '../../src/plan/encode.ts'
import { INPUTS } from './plan-inputs.ts'

/** Caches fill and code is compiled in the first rounds. */
const WARM_UP = 1000
const inputs = ['runc-spec', 'podman', 'user-namespace-root', 'cgroup-limits'].map((name) => INPUTS[name]!)

function round(i: number): void {
  encodePlan(compilePlan(inputs[i % inputs.length]!), {
    architecture: 'x64',
    explain: { argv: ['/explain'], envp: [], source: `${i}` },
  })
}

function heapUsed(): number {
  for (let i = 0; i < 4; i++) globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

if (!globalThis.gc) throw new Error('needs --expose-gc')
for (let i = 0; i < WARM_UP; i++) round(i)
const before = heapUsed()
for (let i = 0; i < Number(process.argv[2]); i++) round(i)
process.stdout.write(JSON.stringify({ grown: heapUsed() - before }))
