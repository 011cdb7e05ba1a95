/** What a pull tells while it goes on. Layers are announced in the manifest's order, all before the first byte. */
import type { Reference } from './reference.ts'

export type LayerStatus = 'waiting' | 'downloading' | 'unpacking' | 'complete' | 'exists'

export interface LayerEvent {
  kind: 'layer'
  /** The layer's blob. */
  digest: string
  status: LayerStatus
  /** Compressed bytes so far, and in all. */
  done: number
  total: number
}

export type PullEvent =
  | { kind: 'begin'; reference: Reference }
  | LayerEvent
  | { kind: 'end'; reference: Reference; digest: string; isNew: boolean }
