/**
 * Unpacking one layer: ours, GNU tar and umoci, interleaved, on tmpfs. Prints medians of wall and CPU seconds and ours
 * as a ratio of each. Usage: bun bench/unpack.ts [ROUNDS] (or node --import tsx).
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

const folder = process.env.TINYCTR_BENCH_FOLDER ?? `/dev/shm/tinyctr-bench-unpack-${process.pid}`
const layer = `${folder}/layer.tar.gz`

/** About ten thousand entries and 90 MB: small sources, some libraries, a few large files. Always the same. */
function makeLayer(): void {
  const root = `${folder}/tree`
  let seed = 1
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31
    return seed / 2 ** 31
  }
  for (let package_ = 0; package_ < 300; package_++) {
    const place = `${root}/usr/lib/package-${package_ % 20}/module-${package_}/src`
    mkdirSync(place, { recursive: true })
    for (let at = 0; at < 30; at++) {
      const size = Math.floor(random() ** 4 * 60_000)
      writeFileSync(
        `${place}/file-${at}.js`,
        Buffer.from(`let x${Math.floor(random() * 1e6)}\n`.repeat(size / 8)),
      )
    }
  }
  for (let at = 0; at < 4; at++) {
    const bytes = Buffer.alloc(6_000_000)
    for (let i = 0; i < bytes.length; i += 3) bytes[i] = random() * 256
    writeFileSync(`${root}/usr/lib/lib${at}.so`, bytes)
  }
  execFileSync('tar', ['-C', root, '--sort=name', '--format=pax', '-czf', layer, '.'])
  rmSync(root, { recursive: true })
}

interface Run {
  wall: number
  cpu: number
}

function measure(command: string[], into: string): Run {
  mkdirSync(into, { recursive: true })
  const start = process.hrtime.bigint()
  const { status, stderr } = spawnSync(
    'bash',
    ['-c', 'times >/dev/null; "$@"; s=$?; times >&2; exit $s', '-', ...command],
    {
      encoding: 'utf8',
    },
  )
  const wall = Number(process.hrtime.bigint() - start) / 1e9
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
  const [user = 0, system = 0] = [
    ...stderr
      .trim()
      .split('\n')
      .at(-1)!
      .matchAll(/(\d+)m([\d.]+)s/g),
  ].map(([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds))
  rmSync(into, { recursive: true, force: true })
  return { wall, cpu: user + system }
}

/** Child mode: unpack and exit, so that a round pays for the runtime's start as the others pay for theirs. */
async function unpackOurs(into: string, diffId: string): Promise<void> {
  const { unpackLayer } = await import('../src/image/layer/unpack-layer.ts')
  const { call } = await import('../src/linux/call.ts')
  const { O } = await import('../src/linux/abi/arch.ts')
  const { AT } = await import('../src/linux/abi/flags.ts')
  const directory = call('openat', [AT.FDCWD, into, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0])
  const source = createReadStream(layer, {
    highWaterMark: 512 * 1024,
  })
  await unpackLayer(source, {
    diffId,
    target: { directory, overlayXattrs: 'trusted', chown: true, devices: true },
  })
}

/** An image layout around the layer, which is what umoci unpacks. */
function makeLayout(): void {
  execFileSync('umoci', ['init', '--layout', `${folder}/oci`])
  execFileSync('umoci', ['new', '--image', `${folder}/oci:bench`])
  writeFileSync(`${folder}/layer.tar`, gunzipSync(readFileSync(layer)))
  execFileSync('umoci', ['raw', 'add-layer', '--image', `${folder}/oci:bench`, `${folder}/layer.tar`])
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!

function main(rounds: number): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  try {
    makeLayer()
    makeLayout()
    const diffId = `sha256:${createHash('sha256')
      .update(readFileSync(`${folder}/layer.tar`))
      .digest('hex')}`
    const self = fileURLToPath(import.meta.url)
    const into = `${folder}/into`
    process.env.TINYCTR_BENCH_FOLDER = folder
    const runtime = process.versions.bun ? [process.execPath] : [process.execPath, '--import', 'tsx']
    const contenders: Record<string, string[]> = {
      tinyctr: [...runtime, self, '--child', into, diffId],
      'GNU tar': ['tar', '-C', into, '--xattrs', '-xzpf', layer],
      umoci: ['umoci', 'raw', 'unpack', '--image', `${folder}/oci:bench`, `${into}/rootfs`],
    }
    const runs: Record<string, Run[]> = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      for (const [name, command] of Object.entries(contenders)) runs[name]!.push(measure(command, into))
    }
    for (const [name, all] of Object.entries(runs)) {
      const wall = median(all.map((run) => run.wall))
      const cpu = median(all.map((run) => run.cpu))
      const ours = median(runs.tinyctr!.map((run) => run.wall))
      console.log(
        `${name.padEnd(8)} wall ${wall.toFixed(2)} s  cpu ${cpu.toFixed(2)} s  tinyctr/${name} ${(ours / wall).toFixed(2)}`,
      )
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[2] === '--child') await unpackOurs(process.argv[3]!, process.argv[4]!)
else main(Number(process.argv[2] ?? 5))
