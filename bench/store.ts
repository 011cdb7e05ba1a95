/**
 * The store's two promises: a start from an image of 30 layers costs no more than one of 3, and `images` with a thousand
 * images is quick. Interleaved, on tmpfs. As root, after bin/build: node --import tsx bench/store.ts [-n ROUNDS]
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import { file, tar } from '../test/image/layer/make-tar.ts'
import { makeImage } from '../test/image/make-image.ts'
import { measureRounds, printBar, printTable, roundsFrom, summarize } from './rounds.ts'
import { compileC, here, startTimer } from './timer.ts'

const folder = `/dev/shm/tinyctr-bench-store-${process.pid}`
const rounds = roundsFrom(process.argv, 20)
const program = here('../build/tinyctr')
const tinyctr = (store: string): string[] => [
  program,
  '--root',
  `${folder}/run`,
  '--data-root',
  `${folder}/${store}`,
]
const thousand = 1000

/** The fixture's layer uncompressed, and small ones on top. */
function fixtureLayer(): Buffer {
  const layout = here('../rootfs-fixtures/busybox')
  const blob = (digest: string): Buffer => readFileSync(`${layout}/blobs/${digest.replace(':', '/')}`)
  const json = (digest: string) => JSON.parse(blob(digest).toString())
  let { manifests } = JSON.parse(readFileSync(`${layout}/index.json`, 'utf8'))
  while (/index|list/.test(manifests[0].mediaType)) ({ manifests } = json(manifests[0].digest))
  return gunzipSync(blob(json(manifests[0].digest).layers[0].digest))
}

function layered(name: string, layers: number): void {
  const small = Array.from({ length: layers - 1 }, (_, at) => tar(file(`layer-${at}`, `${at}`)))
  makeImage(`${folder}/layout`, `docker.io/library/${name}:latest`, [fixtureLayer(), ...small])
}

/** A thousand images of one layer, each with a config of its own. */
function thousandImages(): void {
  const put = (mediaType: string, bytes: Buffer) => {
    const hex = createHash('sha256').update(bytes).digest('hex')
    writeFileSync(`${folder}/many/blobs/sha256/${hex}`, bytes)
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length }
  }
  const json = (kind: string, value: object) =>
    put(`application/vnd.oci.image.${kind}.v1+json`, Buffer.from(JSON.stringify(value)))
  mkdirSync(`${folder}/many/blobs/sha256`, { recursive: true })
  const layerTar = tar(file('only', 'one'))
  const layer = put('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(layerTar))
  const diffId = `sha256:${createHash('sha256').update(layerTar).digest('hex')}`
  const manifests = Array.from({ length: thousand }, (_, at) => {
    const created = new Date(1.7e12 + at * 1e6).toISOString()
    const rootfs = { type: 'layers', diff_ids: [diffId] }
    const config = json('config', { os: 'linux', architecture: 'amd64', created, rootfs })
    const manifest = json('manifest', { schemaVersion: 2, config, layers: [layer] })
    return { ...manifest, annotations: { 'io.containerd.image.name': `docker.io/library/many${at}:1` } }
  })
  writeFileSync(`${folder}/many/oci-layout`, '{"imageLayoutVersion":"1.0.0"}')
  writeFileSync(`${folder}/many/index.json`, JSON.stringify({ schemaVersion: 2, manifests }))
}

mkdirSync(folder)
const timer = startTimer(compileC('timer', folder))
try {
  layered('three', 3)
  layered('thirty', 30)
  const load = [...tinyctr('data').slice(1), 'load', '-q', '-i', `${folder}/layout`]
  execFileSync(program, load)
  const start = (image: string) => ({
    name: image,
    timer,
    command: () => [...tinyctr('data'), 'run', '--rm', image, 'true'],
  })
  const starts = await measureRounds([start('three'), start('thirty')], rounds)
  printTable(`run --rm IMAGE true, of 3 and of 30 layers; milliseconds of ${rounds} rounds`, starts, 'thirty')
  const of = (samples: typeof starts, who: string) => summarize(samples.get(who)!).wall
  const more = of(starts, 'thirty').median - of(starts, 'three').median
  printBar('30 layers, more than 3', more, 1, ' ms')
  const cpu = (who: string): number => summarize(starts.get(who)!).cpu.median
  printBar('the same, CPU', cpu('thirty') - cpu('three'), 1, ' ms')

  thousandImages()
  execFileSync(program, [...tinyctr('many').slice(1), 'images', '-q'])
  const list = (name: string, args: string[]) => ({
    name,
    timer,
    command: () => [...tinyctr('many'), ...args],
  })
  const lists = await measureRounds([list('images', ['images']), list('images -q', ['images', '-q'])], rounds)
  printTable(`${thousand} images; milliseconds of ${rounds} rounds`, lists, 'images')
  printBar('images', of(lists, 'images').median, 100, ' ms')
} finally {
  timer.stop()
  rmSync(folder, { recursive: true, force: true })
}
