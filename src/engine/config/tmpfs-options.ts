/** `--tmpfs PATH[:OPTIONS]` and the options a tmpfs(5) takes (moby/sys/mount MergeTmpfsOptions). */
import { UsageError } from '../../errors.ts'
import { parseDestination } from './container-path.ts'
import type { TmpfsRequest } from './mount-request.ts'

/** Options that exclude each other: the last given wins. */
const subjects = [
  ['rw', 'ro'],
  ['suid', 'nosuid'],
  ['dev', 'nodev'],
  ['exec', 'noexec'],
  ['async', 'sync'],
  ['atime', 'noatime'],
  ['diratime', 'nodiratime'],
  ['relatime', 'norelatime'],
  ['strictatime', 'nostrictatime'],
  ['mand', 'nomand'],
  ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave', 'unbindable', 'runbindable'],
]

const keys = ['size', 'mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks', 'mpol']

/** What Docker mounts every tmpfs with, unless its options say otherwise. */
const defaults = ['noexec', 'nosuid', 'nodev', 'rprivate']

/** @throws UsageError for an option tmpfs does not have */
export function mergeTmpfsOptions(options: readonly string[]): string[] {
  const seen = new Set<string>()
  const merged: string[] = []
  for (const option of [...defaults, ...options].reverse()) {
    if (option === 'defaults') continue
    const [key = '', value] = option.split('=', 2)
    const subject =
      value === undefined
        ? subjects.find((names) => names.includes(option))?.[0]
        : keys.find((name) => name === key)
    if (subject === undefined || value === '') throw new UsageError(`invalid tmpfs option ["${option}"]`)
    if (!seen.has(subject)) merged.unshift(option)
    seen.add(subject)
  }
  return merged
}

/** @throws UsageError with Docker's words */
export function parseTmpfs(text: string): TmpfsRequest {
  const colon = text.indexOf(':')
  const [path, options] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)]
  return {
    type: 'tmpfs',
    destination: parseDestination(path),
    options: mergeTmpfsOptions(options === '' ? [] : options.split(',')),
  }
}
