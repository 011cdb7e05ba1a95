import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import draft4 from 'ajv-draft-04'
import { generate, readAmendedSchemas } from '../../src/oci/generate.ts'
import * as image from '../../src/oci/generated/image-spec-shapes.ts'
import * as runtime from '../../src/oci/generated/runtime-spec-shapes.ts'
import { mismatches } from '../../src/oci/mismatch.ts'
import { formatPatterns } from '../../src/oci/schema-amendments.ts'
import { fits, type Shape } from '../../src/oci/shape.ts'
import { imageConfig, imageIndex, imageManifest, richConfig } from './samples.ts'

test('src/oci/generated is what `npm run generate` writes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinyctr-generate-'))
  try {
    generate(folder)
    const committed = join(import.meta.dirname, '../../src/oci/generated')
    assert.deepEqual(readdirSync(folder).sort(), readdirSync(committed).sort())
    for (const file of readdirSync(folder)) {
      assert.equal(
        readFileSync(join(committed, file), 'utf8'),
        readFileSync(join(folder, file), 'utf8'),
        `${file} is stale: npm run generate`,
      )
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/**
 * The shapes against an independent judge, ajv with the same amended schemas: they must agree about every
 * sample and about every sample with one value changed, removed, or replaced by a value of another kind.
 */
const judged: [name: string, schema: string, shape: Shape, sample: unknown][] = [
  ['config', 'runtime-spec/config-schema.json', runtime.configShape, richConfig],
  [
    'features',
    'runtime-spec/features-schema.json',
    runtime.featuresShape,
    example('features/good/runc.json'),
  ],
  ['state', 'runtime-spec/state-schema.json', runtime.stateShape, example('state/good/spec-example.json')],
  ['image index', 'image-spec/image-index-schema.json', image.imageIndexShape, imageIndex],
  ['image manifest', 'image-spec/image-manifest-schema.json', image.imageManifestShape, imageManifest],
  ['image config', 'image-spec/config-schema.json', image.imageConfigShape, imageConfig],
]
const strange: unknown[] = [
  null,
  true,
  -1,
  1.5,
  600,
  2 ** 40,
  '',
  'strange',
  'c',
  [],
  ['x'],
  [1],
  {},
  { x: 1 },
  { x: 'y' },
]

for (const [name, schema, shape, sample] of judged) {
  test(`the shape of ${name} says what its schema says`, () => {
    const judge = schemaJudge(schema)
    assert.ok(judge(sample), 'the sample itself is valid')
    assert.deepEqual(mismatches(shape, sample), [])
    let refused = 0
    let count = 0
    for (const mutant of mutants(sample)) {
      const isValid = judge(mutant)
      assert.equal(fits(shape, mutant), isValid, JSON.stringify(mutant))
      assert.equal(mismatches(shape, mutant).length === 0, isValid, JSON.stringify(mutant))
      count++
      if (!isValid) refused++
    }
    assert.ok(refused > count / 4, `${refused} of ${count} mutants are invalid`)
  })
}

function schemaJudge(root: string): (value: unknown) => boolean {
  const ajv = new draft4.default({ strict: false })
  for (const [format, { pattern }] of Object.entries(formatPatterns))
    ajv.addFormat(format, new RegExp(pattern))
  const folder = root.slice(0, root.indexOf('/') + 1)
  for (const [path, schema] of readAmendedSchemas()) {
    // Without ids the references between files resolve to the names they are added under.
    const text = JSON.stringify(schema, (key, value) =>
      key === 'id' && typeof value === 'string' ? undefined : value,
    )
    const mended = text.replaceAll('"#definitions/', '"#/definitions/')
    if (path.startsWith(folder)) ajv.addSchema(JSON.parse(mended), path.slice(folder.length))
  }
  const judge = ajv.getSchema(root.slice(folder.length))!
  return (value) => judge(value) as boolean
}

function* mutants(value: unknown): Generator<unknown> {
  yield* strange
  if (Array.isArray(value)) {
    yield value.slice(1)
    for (const [index, item] of value.entries()) {
      for (const mutant of mutants(item)) yield value.with(index, mutant)
    }
  } else if (typeof value === 'object' && value !== null) {
    yield { ...value, constructor: 1, toString: null, unknown: {} }
    for (const [name, member] of Object.entries(value)) {
      const { [name]: _, ...without } = value as Record<string, unknown>
      yield without
      for (const mutant of mutants(member)) yield { ...value, [name]: mutant }
    }
  }
}

function example(path: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'examples', path), 'utf8'))
}
