/** The same questions to both adapters of the port, in the runtime each is for. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const runtimes = {
  koffi: [process.execPath, '--expose-gc', '--import', 'tsx'],
  'bun:ffi': ['node_modules/.bin/bun'],
}

for (const [name, [program = '', ...flags]] of Object.entries(runtimes)) {
  test(`${name} keeps the contract of the port`, () => {
    const run = spawnSync(program, [...flags, 'test/ffi/contract.ts'], { encoding: 'utf8', timeout: 60_000 })
    assert.equal(run.status, 0, run.stderr)
    assert.deepEqual(JSON.parse(run.stdout), {
      name,
      pid: true,
      badDescriptor: -9,
      noSuchCall: -38,
      afterFailure: true,
      umask: 0o27,
      roundTrips: [true, true, true],
      offsets: [2 ** 40 + 3, 2 ** 52 + 1, -22, -22],
      limits: ['4294967297', '18446744073709551614'],
      sixArguments: 0x41,
    })
  })
}
