/**
 * Writes generated/: the types and the shapes of runtime-spec and image-spec, from schema/ and its amendments.
 *
 *     npm run generate [FOLDER]
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { amendments } from './schema-amendments.ts'
import { lookUp, schemaCompiler } from './schema-to-shape.ts'
import { shapesSource, typesSource } from './shape-source.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

/** A pair of files for each specification, from these roots. */
const outputs = [
  { name: 'runtime-spec', roots: ['config-schema', 'state-schema', 'features-schema'] },
  {
    name: 'image-spec',
    roots: [
      'content-descriptor',
      'image-index-schema',
      'image-manifest-schema',
      'config-schema',
      'image-layout-schema',
    ],
  },
]

export function generate(folder: string): void {
  const files = readAmendedSchemas()
  mkdirSync(folder, { recursive: true })
  for (const { name, roots } of outputs) {
    const compiler = schemaCompiler(files)
    for (const root of roots) compiler.compile(`${name}/${root}.json`, '')
    writeFileSync(join(folder, `${name}-types.ts`), typesSource(name, compiler.types))
    writeFileSync(join(folder, `${name}-shapes.ts`), shapesSource(name, compiler.types))
  }
}

/** By path below schema/. */
export function readAmendedSchemas(): Map<string, unknown> {
  const files = new Map<string, unknown>()
  for (const { name } of outputs) {
    for (const file of readdirSync(join(here, 'schema', name))) {
      files.set(`${name}/${file}`, JSON.parse(readFileSync(join(here, 'schema', name, file), 'utf8')))
    }
  }
  amend(files)
  return files
}

function amend(files: Map<string, unknown>): void {
  for (const { file, at, ...change } of amendments) {
    const cut = at.lastIndexOf('/')
    const parent = lookUp(files, file, at.slice(0, cut))
    const member = at.slice(cut + 1)
    if ('set' in change) parent[member] = change.set
    else if (member in parent) delete parent[member]
    else throw new Error(`Cannot amend ${file}#${at}: there is no such member`)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) generate(process.argv[2] ?? join(here, 'generated'))
