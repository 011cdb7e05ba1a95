/**
 * From text or parsed JSON to the types of runtime-spec and image-spec.
 *
 * Every function throws ConfigError: `at` is the JSON pointer of the first problem, the message says what was
 * expected and what was found, and lists the other problems below. Unknown members are left as they are: the
 * specifications forbid to fail on them. What a schema cannot say is in semantics.ts.
 */
import { ConfigError } from '../errors.ts'
import {
  imageConfigShape,
  imageIndexShape,
  imageLayoutShape,
  imageManifestShape,
} from './generated/image-spec-shapes.ts'
import {
  configShape,
  featuresShape,
  processShape,
  resourcesShape,
  stateShape,
} from './generated/runtime-spec-shapes.ts'
import type { ImageConfig, ImageIndex, ImageLayout, ImageManifest } from './image-spec.ts'
import { findJsonFault } from './json-position.ts'
import { mismatches } from './mismatch.ts'
import type { Config, Features, Process, Resources, State } from './runtime-spec.ts'
import { fits, type Shape } from './shape.ts'

/** config.json of a bundle. */
export const parseConfig = (text: string): Config => parse(configShape, text)
/** `exec --process FILE`. */
export const parseProcess = (text: string): Process => parse(processShape, text)
/** `update --resources FILE`. */
export const parseResources = (text: string): Resources => parse(resourcesShape, text)
export const parseState = (text: string): State => parse(stateShape, text)
export const parseFeatures = (text: string): Features => parse(featuresShape, text)
export const parseImageIndex = (text: string): ImageIndex => parse(imageIndexShape, text)
export const parseImageManifest = (text: string): ImageManifest => parse(imageManifestShape, text)
export const parseImageConfig = (text: string): ImageConfig => parse(imageConfigShape, text)
/** The `oci-layout` file. */
export const parseImageLayout = (text: string): ImageLayout => parse(imageLayoutShape, text)

export const validateConfig = (value: unknown): Config => validate(configShape, value)
export const validateState = (value: unknown): State => validate(stateShape, value)
export const validateImageIndex = (value: unknown): ImageIndex => validate(imageIndexShape, value)
export const validateImageManifest = (value: unknown): ImageManifest => validate(imageManifestShape, value)
export const validateImageConfig = (value: unknown): ImageConfig => validate(imageConfigShape, value)

function parse<T>(shape: Shape, text: string): T {
  const given = parseJson(text)
  return validate(shape, fits(shape, given) ? given : withoutNulls(given), text)
}

/** Go reads a member that is null as one that is not there, and engines write such members. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const present = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(present.map(([name, member]) => [name, withoutNulls(member)]))
}

/** @param text the value as JSON, where a NUL byte in a string can only be written as this escape */
function validate<T>(shape: Shape, value: unknown, text = JSON.stringify(value) ?? ''): T {
  if (fits(shape, value) && !text.includes('\\u0000')) return value as T
  const [first, ...others] = mismatches(shape, value)
  // The escape was in an unknown member, or was itself escaped.
  if (first === undefined) return value as T
  const also = others.map(({ at, fact }) => `\nalso at ${at}: ${fact}`)
  throw new ConfigError(first.at, first.fact + also.join(''))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const fault = findJsonFault(text)
    if (fault === undefined) throw new ConfigError('', 'expected JSON', { cause })
    const { line, column, expected } = fault
    throw new ConfigError('', `expected ${expected} at line ${line}, column ${column}: this is not JSON`, {
      cause,
    })
  }
}
