/** Control groups of a lesson: programs that start inside them, and what their files say. */
import type { Stage } from '../stage.ts'
import type { Subject } from './subject.ts'

/** A shell that moves itself into the group before it does anything else. */
const inside = (group: string, script: string): [string, string, string] => [
  'sh',
  '-c',
  `echo 0 >${group}/cgroup.procs && ${script}`,
]

export const runIn = (host: Subject, group: string, script: string) => host.run(...inside(group, script))
export const startIn = (host: Subject, group: string, script: string) => host.start(...inside(group, script))

export const BUSY_LOOP = 'while :; do :; done'

/** The number behind a key of a file such as cpu.stat or memory.events. */
export const statOf = (host: Subject, path: string, key: string): number =>
  Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(host.read(path))?.[1] ?? Number.NaN)

/** How much of one CPU a group takes while we wait, from 0 to 1. */
export function cpuShare(stage: Stage, group: string, milliseconds: number): number {
  const usage = (): number => statOf(stage.host, `${group}/cpu.stat`, 'usage_usec')
  const [from, start] = [usage(), performance.now()]
  stage.pause(milliseconds)
  return round((usage() - from) / 1000 / (performance.now() - start))
}

export const round = (value: number): number => Math.round(value * 100) / 100
