/**
 * usage: bun bin/bundle.js OUTFILE
 *
 * src/cli/main.ts and all it needs as one executable. In chunks, so that a start loads only what it runs: the commands
 * and the rare paths are imported when they are called. But the bundler makes a chunk of each set of modules that the
 * same of those imports share, which would be twenty for what every start needs, at 0.1 ms each. So each of them is made
 * to import what every start needs: then that is one chunk, and it is loaded already when one of them comes.
 */
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const root = resolve(import.meta.dir, '..')
const always = join(root, 'src/cli/dispatch.ts')

/** The modules that sources import when they need them. */
const later = new Set()
for (const name of new Bun.Glob('src/**/*.ts').scanSync(root)) {
  const path = join(root, name)
  for (const [, target] of readFileSync(path, 'utf8').matchAll(/\bimport\('(\.[^']+)'\)/g)) {
    later.add(join(dirname(path), target))
  }
}

const { success, logs } = await Bun.build({
  entrypoints: [join(root, 'src/cli/main.ts')],
  target: 'bun',
  format: 'esm',
  splitting: true,
  minify: true,
  bytecode: true,
  // Neither .env nor bunfig.toml of the folder that somebody happens to stand in.
  compile: { outfile: resolve(process.argv[2]), autoloadDotenv: false, autoloadBunfig: false },
  plugins: [
    {
      name: 'one chunk for every start',
      setup(build) {
        build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) =>
          later.has(path)
            ? { contents: `${readFileSync(path, 'utf8')}\nimport ${JSON.stringify(always)}\n`, loader: 'ts' }
            : undefined,
        )
      },
    },
  ],
})
for (const log of logs) console.error(log)
process.exit(success ? 0 : 1)
