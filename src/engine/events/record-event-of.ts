/** Events of containers and images as commands write them, with docker's attributes. */
import type { Container } from '../container/list.ts'
import { recordEvent } from './event-log.ts'
import { describe } from './telling.ts'

/** What leaves no line in the container's status file. */
export function recordContainerEvent(
  dataRoot: string,
  { id, name, record }: Container,
  action: string,
  more: Readonly<Record<string, string>> = {},
): void {
  const attributes = { ...describe({ ...record, name }), ...more }
  recordEvent(dataRoot, { type: 'container', action, id, attributes })
}

/** @param id of the image; a registry's verbs say its name */
export function recordImageEvent(dataRoot: string, action: string, id: string, name = id): void {
  recordEvent(dataRoot, { type: 'image', action, id, attributes: { name } })
}

/** What a prune gave back, in bytes. */
export function recordPrune(
  dataRoot: string,
  type: 'container' | 'image' | 'network' | 'volume',
  bytes: number,
): void {
  recordEvent(dataRoot, { type, action: 'prune', id: '', attributes: { reclaimed: String(bytes) } })
}
