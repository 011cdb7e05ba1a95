/** What a pull or a push tells while it goes on. Layers are announced in the manifest's order, all before the first byte. */
import type { Reference } from './reference.ts'

export type LayerStatus =
  | 'waiting'
  | 'downloading'
  | 'unpacking'
  | 'complete'
  | 'exists'
  // Of a push.
  | 'preparing'
  | 'pushing'
  | 'pushed'
  | 'mounted'
  | 'present'

export interface LayerEvent {
  kind: 'layer'
  /** The layer's blob. */
  digest: string
  status: LayerStatus
  /** Compressed bytes so far, and in all. */
  done: number
  total: number
  /** Where a mounted layer came from. */
  from?: string
}

export type TransferEvent =
  | { kind: 'begin'; reference: Reference }
  | LayerEvent
  | { kind: 'end'; reference: Reference; digest: string; isNew: boolean }
  | { kind: 'push'; reference: Reference }
  | { kind: 'pushed'; reference: Reference; digest: string; size: number }
