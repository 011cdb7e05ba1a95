/** `npm test`: the checks, the tests on this host, the tests in the VM, and one last line that counts them all. */
import { parseArgs } from 'node:util'
import { runChecks } from './checks.ts'
import { findTests } from './files.ts'
import { runTests } from './tests.ts'
import { add, none, type Totals, totalsLine } from './totals.ts'
import { runInVm } from './vm.ts'
import '../no-network.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'no-vm': { type: 'boolean' },
    'no-checks': { type: 'boolean' },
    'also-in-vm': { type: 'boolean' },
  },
})

const files = findTests(positionals)
const forVm = files.filter((file) => values['also-in-vm'] || file.startsWith('test/vm/'))
const here = files.filter((file) => !file.startsWith('test/vm/'))
if (files.length === 0)
  console.error(`Cannot find tests: no *.test.ts under ${positionals.join(' ') || 'test'}`)

let totals: Totals = files.length === 0 ? { ...none, failed: 1 } : none
if (positionals.length === 0 && !values['no-checks']) totals = add(totals, runChecks())
if (here.length > 0) totals = add(totals, await runTests(here))
if (forVm.length > 0 && !values['no-vm']) totals = add(totals, runInVm(forVm))

for (const failure of totals.failures) console.log(`FAILED  ${failure}`)
for (const [reason, count] of totals.reasons) console.log(`SKIPPED ${count} x ${reason}`)
console.log(totalsLine(totals))
process.exitCode = totals.failed === 0 ? 0 : 1
