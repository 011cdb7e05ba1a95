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

/** Imported first, so evaluated first. */
const clock = 'performance.now()\nexport const start = performance.now()\n'

/** What the start does before any system call: load, parse, check, build. Prints microseconds of each. */
const program = `
import { start } from './clock.ts'
import { parseArguments } from '${root}src/cli/parse.ts'
import { commands } from '${root}src/cli/commands.ts'
import { runRequest } from '${root}src/cli/run/run-options.ts'
import { containerConfig } from '${root}src/engine/config/container-config.ts'
import { resolveUser } from '${root}src/engine/config/user.ts'
const loaded = performance.now()
const { flags, positionals } = parseArguments(commands.run.flags, process.argv.slice(2), { flagsFirst: true })
const { options } = runRequest(flags, positionals, { environment: process.env, folder: '/', files: new Map(), network: 'none' })
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
  writeFileSync(join(folder, 'clock.ts'), clock)
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
  for (const line of [
    '--rm alpine true',
    '--rm -it -e A=b -v /tmp:/data:ro -m 64m --cpus 1.5 --cap-drop ALL --name web alpine sh',
  ]) {
    const samples: number[][] = []
    for (let i = 0; i < runs; i++) {
      const printed = execFileSync(join(folder, 'start'), line.split(' '), { encoding: 'utf8' })
      samples.push(JSON.parse(printed) as number[])
    }
    console.log(`run ${line}`)
    report('modules evaluated', samples, ([load = 0]) => load)
    report('flags parsed and checked', samples, ([, parse = 0]) => parse)
    report('config built', samples, ([, , build = 0]) => build)
    report('parsed and built', samples, ([, parse = 0, build = 0]) => parse + build)
  }
} finally {
  rmSync(folder, { recursive: true })
}

function report(name: string, samples: number[][], pick: (sample: number[]) => number): void {
  const sorted = samples.map(pick).sort((a, b) => a - b)
  console.log(`  ${name.padEnd(26)} ${sorted[0]} / ${sorted[Math.floor(sorted.length / 2)]} us (min/median)`)
}
