/** The tests of test/vm, run inside the machine that test/vm/boot starts; their totals come back in a file. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeTotals, none, skip, type Totals } from './totals.ts'

/** A hung machine must not hang CI. */
const limitSeconds = '900'

export function runInVm(files: readonly string[]): Totals {
  const missing =
    process.getuid?.() !== 0
      ? 'root'
      : existsSync('/usr/bin/linux.uml')
        ? undefined
        : 'the package user-mode-linux'
  if (missing !== undefined) return skip(`the VM tests (${files.length} files) need ${missing}`)

  console.log('booting the VM')
  const share = mkdtempSync(join(tmpdir(), 'tinyctr-vm-'))
  try {
    const command = [
      process.execPath,
      '--import',
      'tsx',
      'test/runner/tests.ts',
      '/run/host/totals.json',
      ...files,
    ]
    const { status } = spawnSync('test/vm/boot', ['-t', limitSeconds, '--', ...command], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, TINYCTR_VM_SHARE: share },
    })
    const totals = join(share, 'totals.json')
    if (existsSync(totals)) return decodeTotals(readFileSync(totals, 'utf8'))
    return {
      ...none,
      failed: 1,
      failures: [`test/vm: the machine ended with code ${status} and left no totals`],
    }
  } finally {
    rmSync(share, { recursive: true, force: true })
  }
}
