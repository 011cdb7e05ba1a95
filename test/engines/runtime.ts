/**
 * The runtime that the engines drive: tinyctr, or with TINYCTR_TEST_RUNTIME=runc (or crun) a peer, which shows that a
 * case is right before it is held against tinyctr.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const peer = process.env.TINYCTR_TEST_RUNTIME
const path = peer
  ? execFileSync('sh', ['-c', 'command -v "$0"', peer], { encoding: 'utf8' }).trim()
  : join(root, 'build/tinyctr-runtime')

export const runtime = {
  path,
  name: basename(path),
  isTinyctr: peer === undefined,
  /** crun refuses a host that has both versions of cgroups mounted. */
  hidesUnified: peer === 'crun',
} as const

/** An OCI layout: busybox with a shell. */
export const fixture = join(root, 'rootfs-fixtures/busybox')
export const IMAGE = 'localhost/box:latest'

/** Pure cgroup v2, where limits can be set. */
export const isUnified = existsSync('/sys/fs/cgroup/cgroup.controllers')

export const needsRoot: string | false =
  process.getuid?.() !== 0
    ? 'needs root'
    : existsSync(path)
      ? false
      : 'needs build/tinyctr-runtime (bin/build)'
