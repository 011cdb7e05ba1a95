/** `features` is what the specification's own schema says, as an independent judge reads it. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import draft4 from 'ajv-draft-04'
import { runtimeDoorForTests, skip } from './runtime-door.ts'

const door = runtimeDoorForTests()
const schemas = join(import.meta.dirname, '../../src/oci/schema/runtime-spec')

test('features is valid, and knows what containers are made of', { skip }, () => {
  const judge = new draft4.default({ strict: false })
  for (const name of readdirSync(schemas).filter((file) => file.endsWith('.json'))) {
    const { $schema: _, ...schema } = JSON.parse(readFileSync(join(schemas, name), 'utf8'))
    judge.addSchema({ ...schema, id: `https://schemas.invalid/${name}` })
  }
  const validate = judge.getSchema('https://schemas.invalid/features-schema.json')
  assert.ok(validate)
  const { status, stdout, stderr } = door.call(['features'])
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  const features = JSON.parse(stdout)
  assert.ok(validate(features), JSON.stringify(validate.errors))
  assert.ok(!validate({ ...features, hooks: 'prestart' }), 'the judge refuses something')
  assert.equal(features.ociVersionMin, '1.0.0')
  for (const name of [
    'prestart',
    'createRuntime',
    'createContainer',
    'startContainer',
    'poststart',
    'poststop',
  ])
    assert.ok(features.hooks.includes(name), name)
  for (const type of ['cgroup', 'ipc', 'mount', 'network', 'pid', 'user', 'uts'])
    assert.ok(features.linux.namespaces.includes(type), type)
})
