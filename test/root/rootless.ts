/** The built `tinyctr` as an ordinary user calls it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binary, IMAGE, type Result, Tinyctr } from './tinyctr.ts'

export const NOBODY = 65534
export const [FIRST, COUNT] = [200_000, 65_536] as const

/** Nobody's own folders; the range, where wanted, is granted in a mount namespace that only the process sees. */
export class Rootless extends Tinyctr {
  readonly home = join(this.folder, 'home')
  readonly runtime = join(this.folder, 'runtime')
  override readonly root = join(this.runtime, 'tinyctr')
  override readonly dataRoot = join(this.home, '.local/share/tinyctr')

  constructor() {
    super()
    chmodSync(this.folder, 0o755)
    for (const folder of [this.home, this.runtime]) {
      mkdirSync(folder, { mode: 0o700 })
      chownSync(folder, NOBODY, NOBODY)
    }
    writeFileSync(join(this.folder, 'range'), `nobody:${FIRST}:${COUNT}\n`)
  }

  as(args: readonly string[], { range = false, setUp = 'true' } = {}): Result {
    const grant = range
      ? `mount --bind ${this.folder}/range /etc/subuid && mount --bind ${this.folder}/range /etc/subgid`
      : 'true'
    const drop = `exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups`
    const enter = `env -i PATH=$PATH HOME=${this.home} XDG_RUNTIME_DIR=${this.runtime} TINYCTR_NETWORK=none`
    const script = `${grant} && ${drop} ${enter} /bin/sh -c '${setUp} && exec "$@"' sh "$@"`
    return spawnSync('unshare', ['-m', '/bin/sh', '-c', script, 'sh', binary, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  /** What a script says inside; it must end well. */
  says(flags: readonly string[], script: string, options: { range?: boolean } = {}): string {
    const { status, stdout, stderr } = this.as(
      ['run', '--rm', ...flags, IMAGE, '/bin/sh', '-c', script],
      options,
    )
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
    return stdout.trimEnd()
  }
}
