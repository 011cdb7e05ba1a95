/** A directory beside the layer that no layer may touch, and a check that none did. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { RegistryError } from '../../src/errors.ts'
import type { Limits } from '../../src/image/layer/limits.ts'
import { listTree, scratch, unpackInto } from '../image/layer/unpack-into.ts'

export interface Arena {
  /** The absolute path that attacks aim at. */
  readonly canary: string
  /** Where the layer goes: `../canary` from here is the canary. */
  readonly layer: string
  /** Unpacks; afterwards the canary is as before. @returns the error, or undefined when the layer was taken. */
  attack(bytes: Buffer, limits?: Limits): Promise<Error | undefined>
}

export function makeArena(t: TestContext): Arena {
  const folder = scratch(t)
  const canary = `${folder}/canary`
  const layer = `${folder}/in`
  mkdirSync(`${canary}/directory`, { recursive: true })
  mkdirSync(layer)
  writeFileSync(`${canary}/file`, 'secret')
  writeFileSync(`${canary}/directory/inner`, 'secret')
  chmodSync(`${canary}/file`, 0o600)
  symlinkSync('file', `${canary}/link`)
  const before = listTree(canary)
  return {
    canary,
    layer,
    async attack(bytes, limits) {
      let failure: Error | undefined
      try {
        await unpackInto(layer, bytes, { ...(limits && { limits }) })
      } catch (error) {
        failure = error as Error
        assert.ok(failure instanceof RegistryError, `${failure.stack}`)
      }
      assert.equal(listTree(canary), before, 'the canary changed')
      assert.ok(!existsSync(`${folder}/escaped`), 'a file appeared beside the layer')
      return failure
    },
  }
}
