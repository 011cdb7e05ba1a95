/** Containers with all that a row of `ps` says of them; what is dear to find out only where it is asked for. */
import { readHealth } from '../../engine/container/health.ts'
import type { Container } from '../../engine/container/list.ts'
import { type ContainerFolders, containerFolder } from '../../engine/container/record.ts'
import { isConnected } from '../../engine/network/network-flag.ts'
import { readNetworkState } from '../../engine/network/network-release.ts'
import { lookupImage } from '../../image/snapshot.ts'
import type { ContainerRow } from './container-row.ts'
import { listPorts, type Port } from './port-list.ts'

export interface RowOptions {
  readonly cut: boolean
  /** Walks through all files of each container and its image. */
  readonly sized: boolean
}

export async function containerRows(
  containers: readonly Container[],
  { root, dataRoot }: ContainerFolders,
  { cut, sized }: RowOptions,
): Promise<ContainerRow[]> {
  const now = Date.now()
  const imageName = imageNames(dataRoot)
  const sizeOf = sized ? await containerSizes(dataRoot) : undefined
  return containers.map((container) => {
    const health = readHealth(dataRoot, container)?.Status
    return {
      container,
      cut,
      now,
      ports: listPorts(portsOf(container, root)),
      image: imageName(container),
      ...(health && { health }),
      ...(sizeOf && { size: sizeOf(container) }),
    }
  })
}

/** A name that has come to mean another image is no name of this one any more: then its id. */
function imageNames(dataRoot: string): (container: Container) => string {
  const ids = new Map<string, string | undefined>()
  return ({ record: { image, options } }) => {
    const { reference } = image
    if (!ids.has(reference)) ids.set(reference, lookupImage(dataRoot, reference)?.id)
    const now = ids.get(reference)
    return now === undefined || now === image.id
      ? options.image
      : image.id.replace('sha256:', '').slice(0, 12)
  }
}

export async function containerSizes(
  dataRoot: string,
): Promise<(container: Container) => ContainerRow['size'] & object> {
  const { treeBytes } = await import('../../engine/image/disk-usage.ts')
  const images = new Map<string, number>()
  return ({ id, record: { image } }) => {
    const own = treeBytes(`${containerFolder(dataRoot, id)}/upper`)
    let below = images.get(image.id)
    if (below === undefined) {
      below = image.layerDirectories.reduce((sum, folder) => sum + treeBytes(folder), 0)
      images.set(image.id, below)
    }
    return { own, whole: own + below }
  }
}

/** Of a running container: what its image and `--expose` say it listens on, and what is published. */
export function portsOf({ id, record, state }: Container, root: string): Port[] {
  if (state.status !== 'running' && state.status !== 'paused') return []
  const { image, options } = record
  const published = !isConnected(options.network) ? [] : (readNetworkState(root, id)?.ports ?? [])
  const ports: Port[] = published.map(({ port, protocol, hostAddress, hostPort }) => ({
    privatePort: port,
    protocol,
    published: { address: hostAddress, port: hostPort },
  }))
  for (const name of new Set([...Object.keys(image.config.ExposedPorts ?? {}), ...options.expose])) {
    const [port = '', protocol = 'tcp'] = name.split('/')
    const privatePort = Number(port)
    const isPublished = ports.some((one) => one.privatePort === privatePort && one.protocol === protocol)
    if (!isPublished) ports.push({ privatePort, protocol })
  }
  return ports
}
