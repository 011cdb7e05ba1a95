/**
 * How a pull shows: one bar a layer on a terminal, as `docker pull` draws them, and plain lines elsewhere.
 *
 * The cursor rests below the bars and is never hidden, and no terminal mode is changed: whatever ends the process,
 * Ctrl-C or SIGKILL, leaves nothing to restore. No colours, hence nothing for NO_COLOR to turn off.
 */
import type { LayerEvent, LayerStatus, PullEvent } from '../image/pull-event.ts'
import { familiarReference, type Reference } from '../image/reference.ts'

/** Where it is shown: a tty.WriteStream or anything with `write`. */
export interface Screen {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
  rows?: number
}

export interface PullDisplay {
  show(event: PullEvent): void
  /** Draws what is still due. To be called however the pull ends. */
  close(): void
}

interface Layer extends LayerEvent {
  bytesPerSecond: number
}

const words: Record<LayerStatus, string> = {
  waiting: 'Waiting',
  downloading: 'Downloading',
  unpacking: 'Extracting',
  complete: 'Pull complete',
  exists: 'Already exists',
}

const frameMs = 100

/** `sha256:3c854c8cbf46...` as Docker shows it. */
const shortId = (digest: string): string => digest.slice(digest.indexOf(':') + 1).slice(0, 12)

/** `12.3MB`: four digits at most, powers of 1000. */
export function formatBytes(bytes: number): string {
  const unit = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 4)
  return `${Number((bytes / 1000 ** unit).toPrecision(4))}${['B', 'kB', 'MB', 'GB', 'TB'][unit]}`
}

function beginning({ tag, digest, path }: Reference): string {
  return `${digest ?? tag}: Pulling from ${path}`
}

function ending({ reference, digest, isNew }: Extract<PullEvent, { kind: 'end' }>): string {
  const status = isNew ? 'Downloaded newer image' : 'Image is up to date'
  return `Digest: ${digest}\nStatus: ${status} for ${familiarReference(reference)}`
}

/** One layer's line, at most `columns - 1` wide: a full last column would wrap on some terminals. */
export function layerLine({ digest, status, done, total, bytesPerSecond }: Layer, columns: number): string {
  const head = `${shortId(digest)}: ${words[status]}`
  if (status !== 'downloading') return head.slice(0, columns - 1)
  const speed = bytesPerSecond > 0 ? ` ${formatBytes(bytesPerSecond)}/s` : ''
  const amount = `${formatBytes(done)}/${formatBytes(total)}${speed}`
  const width = Math.min(columns - 1 - head.length - amount.length - 4, 50)
  if (width < 8) return `${head} ${amount}`.slice(0, columns - 1)
  const filled = total === 0 ? width : Math.min(Math.floor((done / total) * width), width)
  const bar = filled === width ? '='.repeat(width) : `${'='.repeat(filled)}>`.padEnd(width)
  return `${head} [${bar}] ${amount}`
}

const isSettled = ({ status }: LayerEvent): boolean => status === 'complete' || status === 'exists'

/** As many lines as fit: where there are more layers, those that still move. */
function frame(layers: Layer[], columns: number, rows: number): string[] {
  const room = Math.max(rows - 1, 2)
  if (layers.length <= room) return layers.map((layer) => layerLine(layer, columns))
  const moving = layers.filter((layer) => !isSettled(layer)).slice(0, room - 1)
  const settled = layers.filter(isSettled).length
  return [
    ...moving.map((layer) => layerLine(layer, columns)),
    `${settled} of ${layers.length} layers complete`,
  ]
}

function bars(screen: Screen): PullDisplay {
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
    const lines = frame([...layers.values()], screen.columns || 80, screen.rows || 24)
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
        screen.write(`${event.kind === 'begin' ? beginning(event.reference) : ending(event)}\n`)
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
        const { digest, status } = event
        if (told.get(digest) === status) return
        told.set(digest, status)
        const word = status === 'waiting' ? 'Pulling fs layer' : words[status]
        if (status === 'waiting' || isSettled(event)) screen.write(`${shortId(digest)}: ${word}\n`)
      } else {
        screen.write(`${event.kind === 'begin' ? beginning(event.reference) : ending(event)}\n`)
      }
    },
    close: () => {},
  }
}

/** The display that suits `screen`. With `quiet` nothing is shown. */
export function displayPull(screen: Screen, { quiet = false } = {}): PullDisplay {
  if (quiet) return { show: () => {}, close: () => {} }
  return screen.isTTY && process.env.TERM !== 'dumb' ? bars(screen) : lines(screen)
}
