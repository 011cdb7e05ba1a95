/** Looks that many lessons take: the same thing by the host and by the container. */
import type { Stage } from '../stage.ts'
import { namespaceOf, type Subject } from './subject.ts'

/** The number of a namespace of one kind, of host and container. */
export const namespaces = ({ host, subject }: Stage, kind: string, who = 'container') => ({
  from: `/proc/self/ns/${kind}`,
  host: namespaceOf(host, kind),
  container: namespaceOf(subject(who), kind),
})

/** A field of /proc/PID/status. */
export const statusField = (onlooker: Subject, field: string, pid: number | 'self' = 'self'): string =>
  new RegExp(`^${field}:\\s+(.*)$`, 'm').exec(onlooker.read(`/proc/${pid}/status`))?.[1] ?? '?'

/** The processes that a /proc shows. */
export const processesIn = (onlooker: Subject, proc = '/proc'): string[] =>
  onlooker.list(proc).filter((name) => /^\d+$/.test(name))
