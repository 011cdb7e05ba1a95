/**
 * Starts that were prepared before, kept below `--root` for native/start.c (linux/premises.ts has the idea): the same
 * command line finds its plan there, checks its premises, and starts without a line of JavaScript.
 */
import type { Architecture } from '../linux/abi/arch.ts'
import { AT } from '../linux/abi/flags.ts'
import { attempt, call } from '../linux/call.ts'
import { listFolder, makeFolder, writeFileAtomically } from '../linux/file.ts'
import { KernelError } from '../linux/kernel-error.ts'
import { encodeStart, replaceId } from '../linux/premises/encode.ts'
import {
  ANEW,
  CHOSEN,
  ID_DIGITS,
  KEPT_VARIABLES,
  SHORTEST_ID,
  SHORTEST_WORD,
} from '../linux/premises/wire.ts'
import { beginPremises, endPremises, lookedAt, noting, spoilPremises } from '../linux/premises.ts'
import { randomId } from './container-id.ts'

/** More than anybody's habits; each is about 60 kB of the memory below /run. */
const MOST = 64

/** A container's id, and the one it is prepared under. */
export interface PreparedId {
  /** Reads like nothing else, so that its places are known when the next container's id is written over it. */
  readonly prepared: string
  readonly own: string
}

/** @param chosen by the user; such an id may read like anything else in a plan */
export function preparedId(chosen: string | undefined): PreparedId {
  if (chosen === undefined) {
    const random = randomId()
    return { prepared: random, own: random }
  }
  if (!noting() || chosen.length < SHORTEST_ID || chosen.length > ID_DIGITS) {
    spoilPremises()
    return { prepared: chosen, own: chosen }
  }
  return { prepared: randomLetters(chosen.length), own: chosen }
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_'

const randomLetters = (count: number): string =>
  [...crypto.getRandomValues(new Uint8Array(count))].map((byte) => LETTERS[byte % LETTERS.length]).join('')

/** From here on every look at the host is written down, if this program is one that native/start.c can start. */
export function beginPreparation(): void {
  if (typeof Bun === 'undefined' || !Bun.main.startsWith('/$bunfs/')) return
  beginPremises()
  lookAtOwnBuild()
}

/**
 * Keeps the start that was prepared since `beginPreparation`, unless it cannot be repeated.
 * @param root the folder of `--root`
 * @param plan encoded, of the container `id.prepared`; becomes that of `id.own`
 */
export function keepStart(
  root: string,
  id: PreparedId,
  plan: Uint8Array,
  architecture: Architecture,
  { sweeps = false } = {},
): void {
  const premises = endPremises()
  const { key, anew } = startKey(id)
  const kept = anew.every(isUnmistakable) ? premises : undefined
  const words = [id.prepared, ...anew] as const
  const start = kept && encodeStart({ key, premises: kept, plan, words, architecture, sweeps })
  // One that cannot be kept is slower, not wrong.
  try {
    if (start) write(`${root}/starts`, fileName(key), start)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
  }
  if (id.own !== id.prepared) replaceId(plan, id.prepared, id.own)
}

function write(folder: string, name: string, start: Uint8Array): void {
  makeFolder(folder)
  const names = listFolder(folder)
  if (names.length >= MOST) for (const old of names) attempt('unlinkat', [AT.FDCWD, `${folder}/${old}`, 0])
  writeFileAtomically(`${folder}/${name}`, start)
}

/** As native/start.c writes it: user, folder, some variables, arguments, a NUL behind each. */
function startKey({ own, prepared }: PreparedId): { key: Uint8Array; anew: string[] } {
  const parts = [String(call('geteuid', [])), process.cwd()]
  for (const name of KEPT_VARIABLES)
    if (process.env[name] !== undefined) parts.push(`${name}=${process.env[name]}`)
  const engine = isEngineDoor()
  // Engines and people have different command lines.
  const args = [...(engine ? [process.argv0] : []), ...process.argv.slice(2)]
  const anew: string[] = []
  args.forEach((argument, i) => {
    const isAnew = engine && ANEW.some((flag) => flag === args[i - 1])
    if (isAnew) anew.push(argument)
    const isId = own !== prepared && argument === own && i === args.length - 1
    parts.push(isAnew || isId ? CHOSEN + argument.length : argument)
  })
  return { key: new TextEncoder().encode(`${parts.join('\0')}\0`), anew }
}

/** A path that means itself wherever it stands, and stands nowhere else among what a start is told. */
function isUnmistakable(path: string): boolean {
  const told = [...process.argv.slice(2), process.cwd(), ...Object.values(process.env)]
  return (
    path.length >= SHORTEST_WORD &&
    /^(\/[\w.:@+-]+)+$/.test(path) &&
    !/\/\.{1,2}(\/|$)/.test(path) &&
    told.filter((text) => text?.includes(path)).length === 1
  )
}

/** Whether we are called by the name that speaks runc's command line. */
export const isEngineDoor = (): boolean => /(^|\/)tinyctr-runtime$/.test(process.argv0)

/** FNV-1a of 32 bits from two bases: a file name, not a proof (the key itself is). */
export function fileName(key: Uint8Array): string {
  return [2166136261, 84696351]
    .map((basis) => {
      let hash = basis
      for (const byte of key) hash = Math.imul(hash ^ byte, 16777619)
      return (hash >>> 0).toString(16).padStart(8, '0')
    })
    .join('')
}

const STATX_BYTES = 256
const STATX_BASIC = 0x7ff

/** Another build may prepare another start: which file this is (inode and size, time of change, device). */
function lookAtOwnBuild(): void {
  call('statx', [AT.FDCWD, process.execPath, 0, STATX_BASIC, new Uint8Array(STATX_BYTES)])
  lookedAt([32, 16], [96, 12], [136, 8])
}
