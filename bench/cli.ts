/**
 * How long a command line takes to become a config, cold: each sample is a new process of the shipped kind (Bun, one
 * file, bytecode). `node --import tsx bench/cli.ts [RUNS]`; the bar is 0.5 ms.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const runs = Number(process.argv[2] ?? 30)
const folder = mkdtempSync(join(tmpdir(), 'tinyctr-bench-'))

/** What the start does before any system call: parse, check, build. Prints microseconds of each. */
const program = `
const start = performance.now()
const { parseArguments } = await import('${root}src/cli/parse.ts')
const { commands } = await import('${root}src/cli/commands.ts')
const { runRequest } = await import('${root}src/cli/run-options.ts')
const { containerConfig } = await import('${root}src/engine/container-config.ts')
const { resolveUser } = await import('${root}src/engine/user.ts')
const loaded = performance.now()
const { flags, positionals } = parseArguments(commands.run.flags, process.argv.slice(2), { flagsFirst: true })
const { options } = runRequest(flags, positionals, { environment: process.env, folder: '/', files: new Map() })
const parsed = performance.now()
const config = containerConfig({
  id: '0'.repeat(64), options, image: {},
  user: resolveUser('root:x:0:0::/root:/bin/sh', 'root:x:0:', ''),
  host: { hostname: 'h', cpuCount: 2, lastCapability: 40, rootless: false, thermalThrottlePaths: [], devicesAt: new Map(), allDevices: [] },
  paths: { rootfs: 'r', hosts: '/h', hostname: '/n', resolvConf: '/r', cgroup: '/c' },
  resolveSeccomp: () => undefined,
})
const built = performance.now()
console.log(JSON.stringify([loaded - start, parsed - loaded, built - parsed].map((ms) => Math.round(ms * 1000))))
if (config.process.args.length === 0) process.exit(1)
`

try {
  writeFileSync(join(folder, 'start.ts'), program)
  execFileSync(
    join(root, 'node_modules/.bin/bun'),
    [
      'build',
      '--compile',
      '--minify',
      '--bytecode',
      '--format=esm',
      join(folder, 'start.ts'),
      '--outfile',
      join(folder, 'start'),
    ],
    { stdio: ['ignore', 'ignore', 'inherit'], cwd: folder },
  )
  const args = '--rm -it -e A=b -v /tmp:/data:ro -m 64m --cpus 1.5 --cap-drop ALL --name web alpine sh'.split(
    ' ',
  )
  const samples: number[][] = []
  for (let i = 0; i < runs; i++) {
    samples.push(JSON.parse(execFileSync(join(folder, 'start'), args, { encoding: 'utf8' })) as number[])
  }
  const column = (pick: (sample: number[]) => number) => samples.map(pick).sort((a, b) => a - b)
  const report = (name: string, sorted: number[]) =>
    console.log(`${name.padEnd(28)} ${sorted[0]} / ${sorted[Math.floor(sorted.length / 2)]} us (min/median)`)
  report(
    'modules evaluated',
    column(([load = 0]) => load),
  )
  report(
    'flags parsed and checked',
    column(([, parse = 0]) => parse),
  )
  report(
    'config built',
    column(([, , build = 0]) => build),
  )
  report(
    'together',
    column((sample) => sample.reduce((sum, part) => sum + part)),
  )
} finally {
  rmSync(folder, { recursive: true })
}
