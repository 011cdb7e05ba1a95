/**
 * Image names, exactly as Docker reads them: the grammar and normalisation of github.com/distribution/reference,
 * `alpine` -> `docker.io/library/alpine:latest`.
 */
import { RegistryError } from '../errors.ts'
import { parseDigest } from './digest.ts'

export interface Reference {
  /** The registry as people name it, `docker.io` or `localhost:5000`; which host answers is registry/endpoint.ts. */
  domain: string
  /** The repository within it: `library/alpine`. */
  path: string
  /** At least one of tag and digest is set; with both, the digest decides. */
  tag?: string
  digest?: string
}

const dockerHub = 'docker.io'
const officialPrefix = 'library/'
const longestPath = 255

const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const host = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])`
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const path = `${component}(?:/${component})*`
const tag = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}'
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}'
const grammar = new RegExp(`^(${host}(?::[0-9]+)?)/(${path})(?::(${tag}))?(?:@(${digest}))?$`)

const wholeTag = new RegExp(`^${tag}$`)
export const isTag = (text: string): boolean => wholeTag.test(text)

/** Docker's guess whether `first` in `first/rest` is a registry: a dot, a port, a capital letter, or `localhost`. */
const isDomain = (first: string): boolean =>
  first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase()

function splitDomain(name: string): [domain: string, remainder: string] {
  const slash = name.indexOf('/')
  const first = name.slice(0, Math.max(slash, 0))
  let [domain, remainder] = slash >= 0 && isDomain(first) ? [first, name.slice(slash + 1)] : [dockerHub, name]
  if (domain === 'index.docker.io') domain = dockerHub
  if (domain === dockerHub && !remainder.includes('/')) remainder = officialPrefix + remainder
  return [domain, remainder]
}

/**
 * A name as typed (`alpine`, `alpine:3.20@sha256:...`, `localhost:5000/x`), with Docker's defaults filled in. The tag
 * `latest` is added only where there is neither tag nor digest.
 * @throws RegistryError that says what is wrong with the name
 */
export function parseReference(name: string): Reference {
  const refuse = (fact: string): RegistryError =>
    new RegistryError(`Cannot use the image name "${name}": invalid reference format: ${fact}`)
  if (name === '') throw refuse('it is empty')
  if (/^[a-f0-9]{64}$/.test(name)) throw refuse('64 hexadecimal digits are an image id, not a name')

  const [domain, remainder] = splitDomain(name)
  const repository = remainder.split(/[:@]/, 1)[0]!
  if (repository !== repository.toLowerCase())
    throw refuse(`repository name (${repository}) must be lowercase`)

  const match = grammar.exec(`${domain}/${remainder}`)
  if (match === null) throw refuse(`expected [HOST[:PORT]/]NAME[:TAG][@DIGEST]${explain(name)}`)
  const reference: Reference = { domain: match[1]!, path: match[2]! }
  if (reference.path.length > longestPath)
    throw refuse(`the repository is longer than ${longestPath} characters`)
  if (match[4] !== undefined) {
    parseDigest(match[4])
    reference.digest = match[4]
  }
  if (match[3] !== undefined || reference.digest === undefined) reference.tag = match[3] ?? 'latest'
  return reference
}

/** The two mistakes people make most. */
function explain(name: string): string {
  if (/^[a-z]+:\/\//.test(name)) return ', without a scheme such as https://'
  const typedTag = /:([^/@]*)(?:@.*)?$/.exec(name)?.[1]
  if (typedTag !== undefined && !isTag(typedTag)) {
    return `; a tag has 1 to 128 letters, digits, "_", "." and "-" and begins with none of ".-"`
  }
  return ''
}

/** Whether a name that parses was typed with a tag or digest: after the last slash a colon is no port. */
export const hasTagOrDigest = (name: string): boolean => /[:@]/.test(name.slice(name.lastIndexOf('/') + 1))

/** `docker.io/library/alpine`: the repository in full. */
export const repositoryName = ({ domain, path }: Reference): string => `${domain}/${path}`

const suffix = ({ tag, digest }: Reference): string =>
  (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`)

/** `docker.io/library/alpine:latest`: the key under which the store knows the image. */
export const fullReference = (reference: Reference): string => repositoryName(reference) + suffix(reference)

/** `alpine`: the repository as Docker prints it. */
export function familiarName({ domain, path }: Reference): string {
  if (domain !== dockerHub) return `${domain}/${path}`
  const official = path.startsWith(officialPrefix) ? path.slice(officialPrefix.length) : ''
  return official === '' || official.includes('/') ? path : official
}

/** `alpine:latest`: the whole reference as Docker prints it. */
export const familiarReference = (reference: Reference): string => familiarName(reference) + suffix(reference)

/** A full reference back in its parts: only of what `fullReference` made, nothing is checked. Lists have thousands. */
export function splitReference(full: string): Reference {
  const at = full.indexOf('@')
  const name = at < 0 ? full : full.slice(0, at)
  const slash = name.indexOf('/')
  const colon = name.indexOf(':', name.lastIndexOf('/'))
  return {
    domain: name.slice(0, slash),
    path: name.slice(slash + 1, colon < 0 ? undefined : colon),
    ...(colon >= 0 && { tag: name.slice(colon + 1) }),
    ...(at >= 0 && { digest: full.slice(at + 1) }),
  }
}
