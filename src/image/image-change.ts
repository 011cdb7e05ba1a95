/**
 * `--change` of commit and import: a line of a Dockerfile that only says something of the config. The grammar is
 * Dockerfile's (docs.docker.com/reference/dockerfile), continuation lines and variables left out.
 */
import { StateError } from '../errors.ts'
import type { ExecutionParameters } from '../oci/image-spec.ts'

/** Docker keeps more in an image's config than the specification names. */
export type DockerConfig = ExecutionParameters & { OnBuild?: string[] | null; Healthcheck?: object }

type Change = (config: DockerConfig, rest: string) => DockerConfig

const changes: Readonly<Record<string, Change>> = {
  CMD: (config, rest) => ({ ...config, Cmd: commandOf(rest) }),
  ENTRYPOINT: (config, rest) => ({ ...config, Entrypoint: commandOf(rest) }),
  ENV(config, rest) {
    const set = new Map((config.Env ?? []).map((one) => [one.split('=', 1)[0]!, one]))
    for (const [name, value] of pairsOf('ENV', rest)) set.set(name, `${name}=${value}`)
    return { ...config, Env: [...set.values()] }
  },
  EXPOSE: (config, rest) => ({
    ...config,
    ExposedPorts: { ...config.ExposedPorts, ...emptyEach(wordsOf(rest).flatMap(portsOf)) },
  }),
  LABEL: (config, rest) => ({
    ...config,
    Labels: { ...config.Labels, ...Object.fromEntries(pairsOf('LABEL', rest)) },
  }),
  ONBUILD: (config, rest) => ({ ...config, OnBuild: [...(config.OnBuild ?? []), rest] }),
  STOPSIGNAL: (config, rest) => ({ ...config, StopSignal: rest }),
  USER: (config, rest) => ({ ...config, User: rest }),
  VOLUME: (config, rest) => ({
    ...config,
    Volumes: { ...config.Volumes, ...emptyEach(listOf(rest) ?? wordsOf(rest)) },
  }),
  WORKDIR(config, rest) {
    const { WorkingDir: before = '/' } = config
    const path = rest.startsWith('/') ? rest : `${before.replace(/\/$/, '')}/${rest}`
    return { ...config, WorkingDir: path }
  },
}

/** @throws StateError with Docker's words for a line that is none */
export function applyChange(config: DockerConfig, line: string): DockerConfig {
  const [, word = '', rest = ''] = /^\s*(\S+)(?:\s+([\s\S]*?))?\s*$/.exec(line) ?? []
  const change = changes[word.toUpperCase()]
  if (change === undefined) throw new StateError(`${word} is not a valid change command`)
  if (rest === '') throw new StateError(`${word.toUpperCase()} requires at least one argument`)
  return change(config, rest)
}

/** `["a", "b"]`; undefined for anything else. */
function listOf(text: string): string[] | undefined {
  try {
    const list: unknown = JSON.parse(text)
    if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return list
  } catch {}
  return undefined
}

const commandOf = (text: string): string[] => listOf(text) ?? ['/bin/sh', '-c', text]

const emptyEach = (names: readonly string[]): Record<string, Record<string, never>> =>
  Object.fromEntries(names.map((name) => [name, {}]))

function portsOf(word: string): string[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(word)
  const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])]
  if (match === null || first > last || last > 65535) throw new StateError(`invalid containerPort: ${word}`)
  const protocol = (match[3] ?? 'tcp').toLowerCase()
  return Array.from({ length: last - first + 1 }, (_, at) => `${first + at}/${protocol}`)
}

/** Words, quotes and backslashes undone. */
function wordsOf(text: string): string[] {
  const words: string[] = []
  for (const [word] of text.matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g)) {
    words.push(
      word.replace(
        /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g,
        (_, double?: string, single?: string, one?: string) =>
          double !== undefined ? double.replace(/\\(["\\$])/g, '$1') : (single ?? one ?? ''),
      ),
    )
  }
  return words
}

/** `NAME=value NAME2="a b"`, or the old `NAME value`. */
function pairsOf(instruction: string, text: string): [name: string, value: string][] {
  const old = /^([^\s="']+)\s+([\s\S]+)$/.exec(text)
  if (old !== null) return [[old[1]!, old[2]!]]
  return wordsOf(text).map((word) => {
    const equals = word.indexOf('=')
    if (equals <= 0) throw new StateError(`${instruction} must have two arguments`)
    return [word.slice(0, equals), word.slice(equals + 1)]
  })
}
