/**
 * Encoded plans, kept by the digest of all that they are made from. A plan is a pure function of its input, so two
 * containers whose inputs differ in nothing but the id have plans that differ in nothing but the id, and all ids are
 * equally long: the bytes of one are those of the other with the id written over.
 *
 * Compiling and encoding is half of what a start spends in JavaScript (docs/performance.md); reading 30 kB is nothing.
 */

import { AT } from '../linux/abi/flags.ts'
import { attempt } from '../linux/call.ts'
import { listFolder, makeFolder, readFile, writeFileAtomically } from '../linux/file.ts'
import { KernelError } from '../linux/kernel-error.ts'
import { HEADER, MAGIC } from '../plan/wire.ts'
import { sha256 } from './sha256.ts'

const ID = /^[0-9a-f]{64}$/
const ID_BYTES = 64
/** What a host name takes of an id. */
const SHORT = 12

/** More than anybody's habits; each is about 30 kB of the memory below /run. */
const MOST = 64

/**
 * The plan of the container `id`, from the cache below `root` or made now.
 * @param madeFrom all that the plan depends on, as text, `id` among it
 */
export async function cachedPlan(
  root: string,
  id: string,
  madeFrom: string,
  make: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const build = readBuild()
  if (build === undefined || !ID.test(id)) return make()
  const folder = `${root}/plans`
  const path = `${folder}/${await sha256(`${build}\n${withoutId(madeFrom, id)}`)}`
  const known = read(path)
  if (known) return withId(known, id)
  const plan = await make()
  // A cache that cannot be written is slower, not wrong.
  try {
    makeFolder(folder)
    const files = listFolder(folder)
    if (files.length >= MOST)
      for (const name of files) attempt('unlinkat', [AT.FDCWD, `${folder}/${name}`, 0])
    writeFileAtomically(path, Buffer.concat([Buffer.from(id), plan]))
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
  }
  return plan
}

/** JSON holds no NUL, so nothing else reads like the id's place. */
export const withoutId = (text: string, id: string): string =>
  text.replaceAll(id, '\0id').replaceAll(id.slice(0, SHORT), '\0short')

/**
 * A plan from its file: the id it was made for, then its bytes. Changed in place.
 * @returns the plan for `id`
 */
export function withId(file: Uint8Array, id: string): Uint8Array {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length)
  const old = bytes.toString('latin1', 0, id.length)
  const [short, rest] = [old.slice(0, SHORT), old.slice(SHORT)]
  for (let at = bytes.indexOf(short, id.length); at >= 0; at = bytes.indexOf(short, at + SHORT)) {
    const whole = bytes.toString('latin1', at + SHORT, at + id.length) === rest
    bytes.write(whole ? id : id.slice(0, SHORT), at, 'latin1')
  }
  return file.subarray(id.length)
}

/** A file that is not whole is none. */
function read(path: string): Uint8Array | undefined {
  try {
    const file = readFile(path)
    if (file.length < ID_BYTES + HEADER.length * 4) return undefined
    const plan = new DataView(file.buffer, file.byteOffset + ID_BYTES, file.length - ID_BYTES)
    const field = (name: 'magic' | 'size'): number => plan.getUint32(HEADER.indexOf(name) * 4, true)
    return field('magic') === MAGIC && field('size') === plan.byteLength ? file : undefined
  } catch (error) {
    if (error instanceof KernelError) return undefined
    throw error
  }
}

const STATX_BYTES = 256
const STATX_BASIC = 0x7ff

/**
 * Which build of tinyctr this is: another may make another plan of the same input. The executable's device, inode, size
 * and time of last change; undefined where the program is not one file (Node, Bun with sources).
 */
function readBuild(): string | undefined {
  if (typeof Bun === 'undefined' || !Bun.main.startsWith('/$bunfs/')) return undefined
  const status = new Uint8Array(STATX_BYTES)
  if (attempt('statx', [AT.FDCWD, '/proc/self/exe', 0, STATX_BASIC, status]) < 0) return undefined
  const words = new Uint32Array(status.buffer)
  return [136, 140, 32, 36, 40, 44, 96, 100, 104].map((offset) => words[offset / 4]).join(' ')
}
