/** A body that is sent piece by piece, and given up when the registry takes no more of it or never answers. */
import { NetworkError } from './failure.ts'
import type { Deadlines } from './http.ts'

export interface WatchedStream {
  body: ReadableStream<Uint8Array>
  /** Aborted when nothing has moved for too long. */
  signal: AbortSignal
  close(): void
}

export function watchedStream(bytes: AsyncIterable<Uint8Array>, deadlines: Deadlines): WatchedStream {
  const iterator = bytes[Symbol.asyncIterator]()
  const stalled = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const wait = (ms: number, fact: string): void => {
    clearTimeout(timer)
    const failure = new NetworkError(`Cannot push: ${fact} for ${ms} ms`, { transient: true })
    timer = setTimeout(() => stalled.abort(failure), ms)
  }
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(timer)
        const next = await iterator.next()
        if (next.done) {
          controller.close()
          wait(deadlines.responseMs, 'the registry has everything and did not answer')
        } else {
          controller.enqueue(next.value)
          wait(deadlines.stallMs, 'the registry took nothing')
        }
      },
      async cancel() {
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
  return {
    body,
    signal: stalled.signal,
    close() {
      clearTimeout(timer)
      void iterator.return?.()
    },
  }
}
