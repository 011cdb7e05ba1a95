/** The house rules that a compiler does not hold: who may import whom, how large, how named. As data, then checked. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

/** Downward only; every folder may import itself and src/errors.ts. */
const mayImport: Record<string, readonly string[]> = {
  cli: ['lab', 'engine', 'runtime', 'image', 'network', 'plan', 'linux', 'linux/abi', 'oci'],
  lab: ['engine', 'runtime', 'image', 'network', 'plan', 'linux', 'linux/abi', 'oci'],
  engine: ['runtime', 'image', 'network', 'plan', 'linux', 'linux/abi', 'oci'],
  // Siblings: engine joins them.
  runtime: ['plan', 'linux', 'linux/abi', 'oci'],
  image: ['plan', 'linux', 'linux/abi', 'oci'],
  network: ['plan', 'linux', 'linux/abi', 'oci'],
  plan: ['linux/abi', 'oci'],
  // The executors run plans; plan never sees them.
  linux: ['ffi', 'linux/abi', 'plan', 'oci'],
  'linux/abi': [],
  ffi: [],
  oci: [],
  errors: [],
}
const pure = ['plan', 'oci', 'linux/abi']
const bannedNames = /^(utils?|common|helpers?|managers?|misc|index)\.ts$/
/** Programs that write generated files: beside what they write, imported by nobody. */
const generators = ['src/oci/generate.ts', 'src/linux/abi/generate.ts']
const mostLines = 250
/** One row a system call: a table has no second subject to split off. */
const tables = ['src/linux/abi/syscalls.ts']
/** Lines of code of each native program, and of what they share. */
const programsOfC: Record<string, { files: RegExp; most: number }> = {
  'the executor': { files: /^native\/(executor|monitor|tree|system|entry)\.[ch]$/, most: 700 },
  'what it asks of others': { files: /^native\/(spawn|companion|netlink)\.c$/, most: 130 },
  'the monitor of a detached container': {
    files: /^native\/(detached|streams|clients|client|health|message|record|terminal)\.[ch]$/,
    most: 1020,
  },
  "a container's log": { files: /^native\/(log|json|journal|block)\.[ch]$/, most: 400 },
  'prepared starts': { files: /^native\/start\.c$/, most: 340 },
  'commands of engines': { files: /^native\/door\.[ch]$/, most: 250 },
  'the look at the sources': { files: /^native\/fresh\.c$/, most: 100 },
  'the first process of a machine': { files: /^native\/guest(-boot)?\.[ch]$/, most: 400 },
}
/** Each costs a millisecond or more at every start. */
const slowToLoad = ['node:fs', 'fs', 'node:fs/promises', 'yargs', 'ajv']

interface Import {
  readonly from: string
  readonly typeOnly: boolean
  readonly dynamic: boolean
}

const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\0')
  .filter((file) => file !== '' && existsSync(file))
const sources = tracked.filter(
  (file) => file.startsWith('src/') && file.endsWith('.ts') && !file.endsWith('.d.ts'),
)
const imports = new Map(sources.map((file) => [file, importsOf(readFileSync(file, 'utf8'))]))

function importsOf(text: string): Import[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const fixed = code.matchAll(
    /^\s*(?:import|export)\s+(type\s)?(?:[\w*{][^'"`;=()]*?from\s+)?['"]([^'"]+)['"]/gm,
  )
  const dynamic = code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)
  return [
    ...[...fixed].map(([, type, from]) => ({ from: from!, typeOnly: type !== undefined, dynamic: false })),
    ...[...dynamic].map(([, from]) => ({ from: from!, typeOnly: false, dynamic: true })),
  ]
}

/** The source file that an import means; undefined for a package or a file outside src. */
function target(file: string, from: string): string | undefined {
  if (from === '#ffi') return 'src/ffi/bun.ts'
  const path = normalize(join(dirname(file), from))
  return from.startsWith('.') && imports.has(path) ? path : undefined
}

function folderOf(file: string): string {
  if (file.startsWith('src/linux/abi/')) return 'linux/abi'
  return basename(file.split('/')[1]!, '.ts')
}

function edges(file: string, wanted: (one: Import) => boolean): string[] {
  return imports
    .get(file)!
    .filter(wanted)
    .flatMap(({ from }) => target(file, from) ?? [])
}

function isGenerated(file: string): boolean {
  return /(^|\/)generated(\/|\.|-)/.test(file) || /generated/i.test(readFileSync(file, 'utf8').slice(0, 300))
}

test('imports point downward only', () => {
  const wrong = sources.flatMap((file) =>
    edges(file, () => true)
      .filter((to) => {
        const [here, there] = [folderOf(file), folderOf(to)]
        return here !== there && there !== 'errors' && !mayImport[here]?.includes(there)
      })
      .map((to) => `${file} imports ${to}`),
  )
  assert.deepEqual(wrong, [])
})

test('no import cycles', () => {
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
    else if (!done.has(file))
      for (const next of edges(file, ({ typeOnly }) => !typeOnly)) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of sources) visit(file, [])
  assert.deepEqual(cycles, [])
})

test('the pure folders import no part of Node and no package', () => {
  const wrong = sources
    .filter((file) => pure.includes(folderOf(file)) && !generators.includes(file))
    .flatMap((file) =>
      imports
        .get(file)!
        .filter(({ from }) => !from.startsWith('.'))
        .map(({ from }) => `${file} imports ${from}`),
    )
  assert.deepEqual(wrong, [])
})

test('nobody imports a generator', () => {
  const wrong = sources.filter((file) => edges(file, () => true).some((to) => generators.includes(to)))
  assert.deepEqual(wrong, [])
})

test('the start path loads nothing slow', {
  skip: !imports.has('src/cli/main.ts') && 'src/cli/main.ts is not there',
}, () => {
  const reached = new Set(['src/cli/main.ts'])
  const wrong: string[] = []
  for (const file of reached) {
    const needed = (one: Import) => !one.typeOnly && !one.dynamic
    for (const next of edges(file, needed)) reached.add(next)
    for (const one of imports.get(file)!.filter(needed)) {
      if (slowToLoad.includes(one.from.replace(/^(yargs|ajv)\/.*/, '$1')))
        wrong.push(`${file} imports ${one.from}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('a file is named for what it holds', () => {
  const wrong = sources.filter(
    (file) => bannedNames.test(basename(file)) || !/^[a-z0-9.-]+$/.test(basename(file)),
  )
  assert.deepEqual(wrong, [])
})

test(`no source file over ${mostLines} lines, each C program within its budget`, () => {
  const lines = (file: string) => readFileSync(file, 'utf8').split('\n').length - 1
  assert.deepEqual(
    sources.filter((file) => lines(file) > mostLines && !isGenerated(file) && !tables.includes(file)),
    [],
  )
  const c = tracked.filter((file) => /^native\/.*\.[ch]$/.test(file) && !isGenerated(file))
  // Lines of code: why things are as they are may take as many more as it needs.
  const code = (file: string) =>
    readFileSync(file, 'utf8')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .split('\n')
      .filter((line) => line.trim() !== '').length
  for (const [program, { files, most }] of Object.entries(programsOfC)) {
    const total = c.filter((file) => files.test(file)).reduce((sum, file) => sum + code(file), 0)
    assert.ok(total <= most, `${program} has ${total} lines of C`)
  }
  assert.deepEqual(
    c.filter((file) => !Object.values(programsOfC).some(({ files }) => files.test(file))),
    [],
    'every C file belongs to a program with a budget',
  )
})

test('nothing names the machine it was written on', () => {
  const text = tracked.filter((file) => !/\/blobs\/|package-lock\.json$/.test(file))
  // Put together here, so that this file does not find itself.
  const banned = new RegExp(
    ['/work/' + 'main', '/work/' + 'shared', '/root/' + '\\.', '/home/' + '\\w+/(src|code|work)'].join('|'),
  )
  assert.deepEqual(
    text.filter((file) => banned.test(readFileSync(file, 'utf8'))),
    [],
  )
  assert.doesNotMatch(readFileSync('package-lock.json', 'utf8'), /"resolved":/)
})
