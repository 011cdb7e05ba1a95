/**
 * load, run, tag, rmi and prune at once, and SIGKILL to any of them at any moment: whatever is visible afterwards is
 * whole, nothing is left behind, and nothing that has a name was taken away. The seed is printed; TINYCTR_SEED repeats it.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { file } from '../../rootfs-fixtures/registry/hard-layers.ts'
import { addImage } from './image.ts'
import { binary, skip, Tinyctr } from './tinyctr.ts'

const seconds = Number(process.env.TINYCTR_CHAOS_SECONDS ?? 12)
const seed = Number(process.env.TINYCTR_SEED ?? Date.now() % 1_000_000)
const filesEach = 400

/** xorshift32: the same seed, the same order of commands. */
function random(start: number): (below: number) => number {
  let state = start || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
