/** CNI network configurations (the CNI spec, section 1): which there are, and what `--network cni:NAME` means. */
import { StateError } from '../../../errors.ts'
import { listFolder, readTextIfAny } from '../../../linux/file.ts'

export const CNI_FOLDER = '/etc/cni/net.d'

/** The container's network namespace, in its state folder. */
export const NAMESPACE = 'netns'

/** One plugin of a network; the rest of it is the plugin's own. */
export interface CniPlugin {
  readonly type: string
  /** What of the runtime's it understands: `portMappings`, `ips`, `mac`. */
  readonly capabilities?: Readonly<Record<string, boolean>>
  readonly [key: string]: unknown
}

export interface CniNetwork {
  readonly name: string
  readonly cniVersion: string
  readonly plugins: readonly CniPlugin[]
}

/** The first of that name, in the order of file names. @throws StateError */
export function findCniNetwork(name: string): CniNetwork {
  const files = listFolder(CNI_FOLDER)
    .filter((file) => /\.(conflist|conf|json)$/.test(file))
    .sort()
  const names: string[] = []
  for (const file of files) {
    const found = readNetwork(`${CNI_FOLDER}/${file}`)
    if (found.name === name) return found
    names.push(found.name)
  }
  throw new StateError(
    names.length === 0
      ? `no CNI network ${name}: ${CNI_FOLDER} holds no configuration`
      : `no CNI network ${name}: ${CNI_FOLDER} has ${names.join(', ')}`,
  )
}

/** A file of a list of plugins, or of one. */
function readNetwork(path: string): CniNetwork {
  const fail = (fact: string): never => {
    throw new StateError(`${path} is no CNI configuration: ${fact}`)
  }
  let config: Record<string, unknown>
  try {
    config = JSON.parse(readTextIfAny(path) ?? '') as Record<string, unknown>
  } catch (error) {
    return fail((error as Error).message)
  }
  const { name, cniVersion = '0.2.0', plugins } = config
  if (typeof name !== 'string' || name === '') fail('it has no name')
  const list = Array.isArray(plugins)
    ? plugins
    : path.endsWith('.conflist')
      ? fail('it has no plugins')
      : [config]
  for (const plugin of list as CniPlugin[])
    if (typeof plugin?.type !== 'string' || plugin.type.includes('/')) fail('a plugin has no type')
  return {
    name: name as string,
    cniVersion: String(cniVersion),
    plugins: list as CniPlugin[],
  }
}
