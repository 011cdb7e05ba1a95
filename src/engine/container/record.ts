/**
 * What is kept of a container, from `create` to `rm`, in `<data-root>/containers/<id>/`:
 *
 *     container.json   what was asked for and of which image: enough to start it again (this file's types)
 *     status           one line an event, appended; its lock is held by the container's monitor (status.ts)
 *     upper, work      the writable layer
 *     <id>-json.log    what it wrote, and older ones: .1, .2 (json-file)
 *     restart          the restart policy as the monitor reads it; only where there is one
 *     health.json      the last health checks
 *     error            why the last start failed
 *
 * Names are elsewhere (names.ts). While it runs, `<root>/<id>/` exists as well.
 */
import type { ImageSnapshot } from '../../image/snapshot.ts'
import { O } from '../../linux/abi/arch.ts'
import { AT } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { readRegular, writeFileAtomically } from '../../linux/file.ts'
import type { RunOptions } from '../run-options.ts'
import { printRestartPolicy } from './restart-policy.ts'

/** `container.json`. Times, exit codes and process ids are in `status`. */
export interface ContainerRecord {
  readonly version: 1
  /** 64 hexadecimal digits. */
  readonly id: string
  /** As it was at `create`: the reference may mean another image by now. */
  readonly image: ImageSnapshot
  /** The user's options and command. `update` writes them anew. */
  readonly options: RunOptions
}

export interface ContainerFolders {
  /** State of what runs: gone after a reboot. */
  readonly root: string
  readonly dataRoot: string
}

export const containersFolder = (dataRoot: string): string => `${dataRoot}/containers`
export const containerFolder = (dataRoot: string, id: string): string => `${dataRoot}/containers/${id}`
export const recordPath = (dataRoot: string, id: string): string =>
  `${containerFolder(dataRoot, id)}/container.json`
export const statusPath = (dataRoot: string, id: string): string => `${containerFolder(dataRoot, id)}/status`

const printRecord = (record: ContainerRecord): string => `${JSON.stringify(record)}\n`

/** What is written when the container is made, by name. */
export function recordFiles(record: ContainerRecord): Record<string, string> {
  const { restart } = record.options
  return {
    'container.json': printRecord(record),
    ...(restart.name === 'no' ? {} : { restart: printRestartPolicy(restart) }),
  }
}

/** The record, or undefined where there is none, or none yet. */
export function readRecord(dataRoot: string, id: string): ContainerRecord | undefined {
  const fd = attempt('openat', [AT.FDCWD, recordPath(dataRoot, id), O.RDONLY | O.CLOEXEC, 0])
  if (fd < 0) return undefined
  const text = readRegular(fd)
  call('close', [fd])
  // While `run` is about to write it, it is empty for an instant.
  return text.endsWith('\n') ? (JSON.parse(text) as ContainerRecord) : undefined
}

/** As a whole or not at all. @throws KernelError */
export function writeRecord(dataRoot: string, record: ContainerRecord): void {
  writeFileAtomically(recordPath(dataRoot, record.id), printRecord(record))
}
