/** A tree on the host that no container was given: attacks aim at it, and it must not change. */
import assert from 'node:assert/strict'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

const SECRET = 'what no container may see\n'

export class HostCanary {
  readonly folder: string
  private readonly before: string

  constructor(parent: string) {
    this.folder = mkdtempSync(join(parent, 'own-canary-'))
    mkdirSync(join(this.folder, 'inner'), { recursive: true })
    writeFileSync(join(this.folder, 'secret'), SECRET, { mode: 0o600 })
    writeFileSync(join(this.folder, 'inner/secret'), SECRET)
    symlinkSync('secret', join(this.folder, 'link'))
    this.before = this.print()
  }

  /** Nothing was changed, added or taken away; and what a container said does not have the secret in it. */
  assertUnchanged(said = ''): void {
    assert.equal(this.print(), this.before)
    assert.doesNotMatch(said, new RegExp(SECRET.trim()))
  }

  private print(folder = this.folder): string {
    return readdirSync(folder)
      .sort()
      .map((name) => {
        const path = join(folder, name)
        const { mode, uid, gid, mtimeMs } = lstatSync(path)
        const content =
          (mode & 0o170000) === 0o040000
            ? this.print(path)
            : (mode & 0o170000) === 0o120000
              ? readlinkSync(path)
              : readFileSync(path, 'utf8')
        return `${path} ${mode} ${uid} ${gid} ${mtimeMs} ${content}`
      })
      .join('\n')
  }
}
