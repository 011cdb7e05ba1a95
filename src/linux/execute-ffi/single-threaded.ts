/**
 * A JavaScript runtime whose main thread can do without the others: compiler and garbage collector work in it. That is
 * decided when a runtime starts, so it is started again, once, in our place.
 */
import { AT, F } from '../abi/flags.ts'
import { attempt, call } from '../call.ts'
import { readText } from '../file.ts'

const GUARD = 'TINYCTR_SINGLE_THREADED'
const JAVASCRIPTCORE: Readonly<Record<string, string>> = {
  BUN_JSC_useConcurrentJIT: '0',
  BUN_JSC_useConcurrentGC: '0',
  BUN_JSC_numberOfGCMarkers: '1',
}

/** Returns in a runtime that was started so; else starts one and does not return. */
export function becomeSingleThreaded(): void {
  if (process.env[GUARD] !== undefined) {
    for (const name of [GUARD, ...Object.keys(JAVASCRIPTCORE)]) delete process.env[name]
    started = true
  }
  if (started) return
  const argv = readText('/proc/self/cmdline').split('\0').slice(0, -1)
  const isBun = typeof Bun !== 'undefined'
  if (!isBun) argv.splice(1, 0, '--single-threaded')
  const environment = { ...process.env, [GUARD]: '1', ...(isBun ? JAVASCRIPTCORE : {}) }
  const envp = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  inheritStandardStreams()
  call('execveat', [AT.FDCWD, process.execPath, argv, envp, 0])
}

let started = false

/** Node marks even these close-on-exec. */
export function inheritStandardStreams(): void {
  for (const fd of [0, 1, 2]) attempt('fcntl', [fd, F.SETFD, 0])
}
