/** `ps --filter` (moby daemon/list.go). */
import { readHealth } from '../../engine/container/health.ts'
import { type Container, findContainer } from '../../engine/container/list.ts'
import { StateError } from '../../errors.ts'
import { type Filter, Filters } from '../format/filters.ts'
import { labelsOf, networksOf } from './container-row.ts'

const known =
  'ancestor before exited expose health id is-task isolation label label! name network publish restart-policy should-start-on-boot since status volume'.split(
    ' ',
  )
const statuses = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']
const healths = ['starting', 'healthy', 'unhealthy', 'none']

export interface ContainerFilter {
  /** Stopped containers were asked for too. */
  readonly showsAll: boolean
  holds(container: Container): boolean
}

/** @throws StateError with Docker's words */
export function containerFilter(filters: readonly Filter[], dataRoot: string): ContainerFilter {
  const asked = new Filters(filters, known)
  check(asked, 'status', statuses)
  check(asked, 'health', healths)
  for (const code of asked.get('exited')) if (!/^-?\d+$/.test(code)) throw invalid('exited', code)
  const bound = (name: 'before' | 'since'): bigint | undefined => {
    const [container] = asked.get(name)
    return container === undefined ? undefined : findContainer(dataRoot, container).state.createdAt
  }
  const [before, since] = [bound('before'), bound('since')]
  return {
    showsAll: asked.has('status'),
    holds: (container) => {
      const { id, name, record, state } = container
      const mounts = record.options.mounts
      return (
        (before === undefined || state.createdAt < before) &&
        (since === undefined || state.createdAt > since) &&
        asked.matches('id', id) &&
        (asked.matches('name', name) || asked.matches('name', `/${name}`)) &&
        asked.labels(labelsOf(container)) &&
        asked.is('status', state.status) &&
        asked.any('exited', (code) => hasEnded(container) && state.exitCode === Number(code)) &&
        asked.any('ancestor', (image) => isOf(container, image)) &&
        asked.is('restart-policy', record.options.restart.name) &&
        asked.is('should-start-on-boot', String(startsOnBoot(container))) &&
        asked.is('health', readHealth(dataRoot, container)?.Status ?? 'none') &&
        asked.any('network', (network) => networksOf(container).includes(network)) &&
        asked.any('volume', (volume) =>
          mounts.some(
            (mount) =>
              mount.destination === volume ||
              (mount.type !== 'tmpfs' && mount.source === volume) ||
              (mount.type === 'volume' && mount.name === volume),
          ),
        )
      )
    },
  }
}

/** Podman's word; docker's rules: on-failure is no reason, and what a person stopped stays so, but for `always`. */
const startsOnBoot = ({ record, state }: Container): boolean =>
  record.options.restart.name === 'always' ||
  (record.options.restart.name === 'unless-stopped' && !state.stopped)

const hasEnded = ({ state }: Container): boolean => state.status === 'exited' || state.status === 'dead'

/** By name, with or without its tag, or by the beginning of the id. */
function isOf({ record: { image, options } }: Container, wanted: string): boolean {
  const withTag = (name: string): string => (/[:@][^/]*$/.test(name) ? name : `${name}:latest`)
  const names = [withTag(options.image), image.reference]
  const short = withTag(wanted)
  if (
    names.includes(short) ||
    names.includes(`docker.io/library/${short}`) ||
    names.includes(`docker.io/${short}`)
  )
    return true
  const digits = wanted.replace(/^sha256:/, '')
  return /^[0-9a-f]{4,64}$/.test(digits) && image.id.startsWith(`sha256:${digits}`)
}

const invalid = (name: string, value: string): StateError =>
  new StateError(`invalid filter '${name}=${value}'`)

function check(filters: Filters, name: string, values: readonly string[]): void {
  for (const value of filters.get(name)) if (!values.includes(value)) throw invalid(name, value)
}
