/**
 * How a pull shows: one bar a layer on a terminal, as `docker pull` draws them, and plain lines elsewhere.
 *
 * The cursor rests below the bars and is never hidden, and no terminal mode is changed: whatever ends the process,
 * Ctrl-C or SIGKILL, leaves nothing to restore. No colours, hence nothing for NO_COLOR to turn off.
 */

import { familiarReference, repositoryName } from '../../image/reference.ts'
import type { LayerEvent, LayerStatus, TransferEvent } from '../../image/transfer-event.ts'

/** Where it is shown: a tty.WriteStream or anything with `write`. */
export interface Screen {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
  rows?: number
}

export interface PullDisplay {
  show(event: TransferEvent): void
  /** Draws what is still due. To be called however the pull ends. */
  close(): void
}

interface Layer extends LayerEvent {
  bytesPerSecond: number
}

type Words = Readonly<Record<LayerStatus, string>>

const pullWords: Words = {
  waiting: 'Waiting',
  downloading: 'Downloading',
  unpacking: 'Extracting',
  complete: 'Pull complete',
  exists: 'Already exists',
  preparing: 'Preparing',
  pushing: 'Pushing',
  pushed: 'Pushed',
  mounted: 'Mounted from',
  present: 'Layer already exists',
}

/** What `docker load` says of a layer, from its first byte on. */
export const loadWords: Words = {
  ...pullWords,
  downloading: 'Loading layer',
  unpacking: 'Loading layer',
  complete: 'Loading layer',
}

const frameMs = 100

/** `sha256:3c854c8cbf46...` as Docker shows it. */
const shortId = (digest: string): string => digest.slice(digest.indexOf(':') + 1).slice(0, 12)

/** `12.3MB`: four digits at most, powers of 1000. */
export function formatBytes(bytes: number): string {
  const unit = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 4)
  return `${Number((bytes / 1000 ** unit).toPrecision(4))}${['B', 'kB', 'MB', 'GB', 'TB'][unit]}`
}

/** What stands before and after the layers: Docker's sentences. */
function sentence(event: Exclude<TransferEvent, LayerEvent>): string {
  const { reference } = event
  switch (event.kind) {
    case 'begin':
      return `${reference.digest ?? reference.tag}: Pulling from ${reference.path}`
    case 'end': {
      const status = event.isNew ? 'Downloaded newer image' : 'Image is up to date'
      return `Digest: ${event.digest}\nStatus: ${status} for ${familiarReference(reference)}`
    }
    case 'push':
      return `The push refers to repository [${repositoryName(reference)}]`
    case 'pushed':
      return `${reference.tag ?? reference.digest}: digest: ${event.digest} size: ${event.size}`
  }
}

const moving: readonly LayerStatus[] = ['downloading', 'unpacking', 'pushing']
const isMoving = (status: LayerStatus): boolean => moving.includes(status)

/** `999.9MB/999.9MB 999.9MB/s`: bars of one length do not jump with the digits. */
const longestAmount = 26

/** One layer's line, at most `columns - 1` wide: a full last column would wrap on some terminals. */
export function layerLine(
  { digest, status, done, total, from, bytesPerSecond }: Layer,
  columns: number,
  words = pullWords,
): string {
  const head = `${shortId(digest)}: ${words[status]}${from === undefined ? '' : ` ${from}`}`
  if (!isMoving(status)) return head.slice(0, columns - 1)
  const speed = bytesPerSecond > 0 ? ` ${formatBytes(bytesPerSecond)}/s` : ''
  const amount = `${formatBytes(done)}/${formatBytes(total)}${speed}`
  const width = Math.min(columns - 1 - head.length - Math.max(amount.length, longestAmount) - 4, 50)
  if (width < 8) return `${head} ${amount}`.slice(0, columns - 1)
  const filled = total === 0 ? width : Math.min(Math.floor((done / total) * width), width)
  const bar = filled === width ? '='.repeat(width) : `${'='.repeat(filled)}>`.padEnd(width)
  return `${head} [${bar}] ${amount}`
}

const settled: readonly LayerStatus[] = ['complete', 'exists', 'pushed', 'mounted', 'present']
const isSettled = ({ status }: LayerEvent): boolean => settled.includes(status)

/** As many lines as fit: where there are more layers, those that still move. */
function frame(layers: Layer[], columns: number, rows: number, words: Words): string[] {
  const room = Math.max(rows - 1, 2)
  if (layers.length <= room) return layers.map((layer) => layerLine(layer, columns, words))
  const going = layers.filter((layer) => !isSettled(layer)).slice(0, room - 1)
  const done = layers.filter(isSettled).length
  return [
    ...going.map((layer) => layerLine(layer, columns, words)),
    `${done} of ${layers.length} layers complete`,
  ]
}

function bars(screen: Screen, words: Words): PullDisplay {
  const layers = new Map<string, Layer>()
  let drawn = 0
  let timer: NodeJS.Timeout | undefined
  let measured = { at: performance.now(), done: new Map<string, number>() }

  const measure = (): void => {
    const now = performance.now()
    const seconds = (now - measured.at) / 1000
    if (seconds < frameMs / 2000) return
    for (const layer of layers.values()) {
      const momentary = (layer.done - (measured.done.get(layer.digest) ?? layer.done)) / seconds
      // Smoothed: a number that jumps ten times a second cannot be read.
      layer.bytesPerSecond =
        layer.bytesPerSecond === 0 ? momentary : layer.bytesPerSecond * 0.8 + momentary * 0.2
    }
    measured = { at: now, done: new Map([...layers.values()].map(({ digest, done }) => [digest, done])) }
  }
  const draw = (): void => {
    clearTimeout(timer)
    timer = undefined
    measure()
    const lines = frame([...layers.values()], screen.columns || 80, screen.rows || 24, words)
    const up = drawn > 0 ? `\x1b[${drawn}A` : ''
    // What the last frame had more of is blanked below the new one.
    screen.write(`${up}${lines.map((line) => `\r${line}\x1b[K\n`).join('')}\x1b[J`)
    drawn = lines.length
  }
  const finish = (): void => {
    if (timer !== undefined) draw()
  }
  return {
    show(event) {
      if (event.kind === 'layer') {
        layers.set(event.digest, { bytesPerSecond: layers.get(event.digest)?.bytesPerSecond ?? 0, ...event })
        timer ??= setTimeout(draw, frameMs)
      } else {
        finish()
        screen.write(`${sentence(event)}\n`)
      }
    },
    close: finish,
  }
}

/** For logs and pipes: a line when a layer begins, and one when it is there. */
function lines(screen: Screen): PullDisplay {
  const told = new Map<string, LayerStatus>()
  return {
    show(event) {
      if (event.kind === 'layer') {
        const { digest, status, from } = event
        if (told.get(digest) === status) return
        told.set(digest, status)
        const word = status === 'waiting' ? 'Pulling fs layer' : pullWords[status]
        if (status !== 'waiting' && status !== 'preparing' && !isSettled(event)) return
        screen.write(`${shortId(digest)}: ${word}${from === undefined ? '' : ` ${from}`}\n`)
      } else {
        screen.write(`${sentence(event)}\n`)
      }
    },
    close: () => {},
  }
}

/** For programs: a line of JSON for every event, in the form of Docker's API. */
function json(screen: Screen): PullDisplay {
  return {
    show(event) {
      if (event.kind === 'layer') {
        const { digest, status, done: current, total } = event
        const detail = isMoving(status) ? { progressDetail: { current, total } } : {}
        screen.write(`${JSON.stringify({ status: pullWords[status], ...detail, id: shortId(digest) })}\n`)
      } else {
        for (const status of sentence(event).split('\n')) screen.write(`${JSON.stringify({ status })}\n`)
      }
    },
    close: () => {},
  }
}

export type ProgressForm = 'auto' | 'plain' | 'json'

/** The display that suits `screen`. With `quiet` nothing is shown. */
export function displayPull(
  screen: Screen,
  {
    quiet = false,
    form = 'auto',
    words = pullWords,
  }: Partial<{
    quiet: boolean
    form: ProgressForm
    words: Words
  }> = {},
): PullDisplay {
  if (quiet) return { show: () => {}, close: () => {} }
  if (form === 'json') return json(screen)
  if (form === 'plain') return lines(screen)
  return screen.isTTY && process.env.TERM !== 'dumb' ? bars(screen, words) : lines(screen)
}
