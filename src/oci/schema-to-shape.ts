/**
 * JSON schema (draft 4, the part of it the OCI uses) to shapes. A keyword this file does not know is an
 * error, so that a newer schema cannot lose a rule on its way in.
 */
import { formatPatterns, patternsInWords, typeNamePrefixes, typeNames } from './schema-amendments.ts'
import type { RecordShape, Shape } from './shape.ts'

// biome-ignore lint/suspicious/noExplicitAny: JSON schemas are untyped JSON
type Schema = any

/** A member's shape is either written where it stands or refers to a type by name. */
export type Ref = { readonly kind: 'ref'; readonly name: string; readonly nullable?: true }
export type Node =
  | Exclude<Shape, { kind: 'list' | 'map' | 'record' }>
  | { kind: 'list'; items: Node; minItems?: number; nullable?: true }
  | { kind: 'map'; values: Node; nullable?: true }
  | { kind: 'record'; required?: string[]; members: { [name: string]: Node }; nullable?: true }
  | Ref

const annotationsOnly = new Set(['description', '$schema', 'id', 'media', 'definitions'])

export interface Compiler {
  /** Named types in the order of definition: what a type refers to stands before it. */
  readonly types: Map<string, Node>
  /** Compiles the schema at `pointer` of `file`, and the types it needs. */
  compile(file: string, pointer: string): Node
}

/** @param files amended schemas by path below schema/ */
export function schemaCompiler(files: ReadonlyMap<string, Schema>): Compiler {
  const types = new Map<string, Node>()

  function compile(file: string, pointer: string): Node {
    const place = `${file}#${pointer}`
    const schema = lookUp(files, file, pointer)
    const node = compileSchema(schema, file, pointer)
    const isType =
      (node.kind === 'record' && Object.keys(node.members).length > 0) || (node.kind === 'text' && node.oneOf)
    if (!isType) return node
    const name = typeNames[place] ?? (typeNamePrefixes[file] ?? '') + nameOf(pointer)
    const known = types.get(name)
    if (known === undefined) types.set(name, node)
    else if (JSON.stringify(known) !== JSON.stringify(node))
      throw new Error(`Cannot name ${place}: ${name} is taken`)
    return { kind: 'ref', name }
  }

  function compileSchema(schema: Schema, file: string, pointer: string): Node {
    const keywords = Object.keys(schema).filter((keyword) => !annotationsOnly.has(keyword))
    const only = (...allowed: string[]): void => {
      const unknown = keywords.find((keyword) => !allowed.includes(keyword))
      if (unknown !== undefined)
        throw new Error(`Cannot compile ${file}#${pointer}: unknown keyword ${unknown}`)
    }
    if (schema.$ref !== undefined) {
      // Draft 4: everything beside $ref is ignored.
      const [path, target] = schema.$ref.split('#')
      const from = file.slice(0, file.lastIndexOf('/') + 1)
      // defs.json 1.3 has one reference without its slash: `#definitions/uint32`.
      return compile(path ? from + path : file, target ? `/${target.replace(/^\//, '')}` : '')
    }
    if (schema.anyOf !== undefined || schema.oneOf !== undefined) {
      only('anyOf', 'oneOf')
      const keyword = schema.anyOf ? 'anyOf' : 'oneOf'
      const [first, second, ...more] = schema[keyword]
      const node = compile(file, `${pointer}/${keyword}/0`)
      if (second === undefined) return node
      if (second.type !== 'null' || more.length > 0)
        throw new Error(`Cannot compile ${file}#${pointer}: ${first}`)
      return { ...node, nullable: true }
    }
    if (schema.allOf !== undefined) {
      only('type', 'allOf')
      const parts = schema.allOf.map((part: Schema, index: number) =>
        part.$ref
          ? resolveRecord(compile(file, `${pointer}/allOf/${index}`))
          : compileSchema(part, file, `${pointer}/allOf/${index}`),
      )
      return {
        kind: 'record',
        required: parts.flatMap((part: RecordShape) => part.required ?? []),
        members: Object.assign({}, ...parts.map((part: RecordShape) => part.members)),
      }
    }
    if (schema.enum !== undefined) {
      only('type', 'enum')
      return { kind: 'text', oneOf: schema.enum }
    }
    switch (schema.type) {
      case 'string': {
        only('type', 'pattern', 'format')
        if (schema.format) return { kind: 'text', ...formatPatterns[schema.format]! }
        if (!schema.pattern) return { kind: 'text' }
        const expected = patternsInWords[schema.pattern]
        if (expected === undefined)
          throw new Error(`Cannot say ${schema.pattern} in words: add it to patternsInWords`)
        return { kind: 'text', pattern: schema.pattern, expected }
      }
      case 'integer':
        only('type', 'minimum', 'maximum')
        return {
          kind: 'integer',
          // A bare integer is Go's int.
          min: schema.minimum ?? -(2 ** 63),
          max: schema.maximum ?? 2 ** 63,
        }
      case 'boolean':
        only('type')
        return { kind: 'boolean' }
      case 'array': {
        only('type', 'items', 'minItems')
        const items = compile(file, `${pointer}/items`)
        return schema.minItems ? { kind: 'list', items, minItems: schema.minItems } : { kind: 'list', items }
      }
      case 'object': {
        only('type', 'properties', 'required', 'additionalProperties', 'patternProperties')
        const anyName = schema.additionalProperties ? 'additionalProperties' : 'patternProperties/.{1,}'
        if (schema.additionalProperties ?? schema.patternProperties) {
          return { kind: 'map', values: compile(file, `${pointer}/${anyName}`) }
        }
        const members: { [name: string]: Node } = {}
        for (const name in schema.properties ?? {}) {
          members[name] = compile(file, `${pointer}/properties/${name}`)
        }
        return schema.required
          ? { kind: 'record', required: schema.required, members }
          : { kind: 'record', members }
      }
      default:
        throw new Error(`Cannot compile ${file}#${pointer}: unknown type ${schema.type}`)
    }
  }

  function resolveRecord(node: Node): Node {
    return node.kind === 'ref' ? types.get(node.name)! : node
  }

  return { types, compile }
}

/** The member at a JSON pointer; throws when there is none. */
export function lookUp(files: ReadonlyMap<string, Schema>, file: string, pointer: string): Schema {
  let schema = files.get(file)
  for (const name of pointer.split('/').slice(1)) schema = schema?.[name]
  if (schema === undefined) throw new Error(`Cannot find ${file}#${pointer}`)
  return schema
}

function nameOf(pointer: string): string {
  const isItem = pointer.endsWith('/items')
  const name = pointer
    .replace(/\/items$/, '')
    .split('/')
    .at(-1)!
  const singular = isItem ? name.replace(/s$/, '') : name
  return singular[0]!.toUpperCase() + singular.slice(1)
}
