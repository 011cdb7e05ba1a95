/**
 * CNI plugins run in a chain (the CNI spec, sections 2 to 4): each gets its part of the configuration on standard input
 * and the rest in CNI_* variables; what it answers is given to the next. CHECK is not asked for: portmap 1.1 fails its own.
 */
import { spawnSync } from 'node:child_process'
import { StateError } from '../../../errors.ts'
import { fileType } from '../../../linux/file.ts'
import type { CniNetwork, CniPlugin } from './config.ts'

const FOLDERS = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni']
const DEVICE = 'eth0'

/** What of a result is ours to know; the rest travels on to the next plugin. */
export interface CniResult {
  readonly interfaces?: readonly { readonly name: string; readonly mac?: string; readonly sandbox?: string }[]
  readonly ips?: readonly {
    readonly address: string
    readonly gateway?: string
    readonly interface?: number
  }[]
  readonly dns?: {
    readonly nameservers?: readonly string[]
    readonly search?: readonly string[]
    readonly options?: readonly string[]
  }
}

export interface CniCall {
  readonly network: CniNetwork
  readonly id: string
  /** The path of the network namespace; empty where it is gone. */
  readonly namespace: string
  /** Of those things a plugin gets what it has a capability for. */
  readonly runtimeConfig: Readonly<Record<string, unknown>>
}

/** @throws StateError in the plugin's words */
export function addToNetwork(asked: CniCall): CniResult {
  let result: CniResult = {}
  for (const plugin of asked.network.plugins)
    result = JSON.parse(runPlugin('ADD', asked, plugin, result)) as CniResult
  return result
}

/** In reverse. What one plugin cannot give back does not keep the others from it. @returns what went wrong */
export function removeFromNetwork(asked: CniCall, result: CniResult): Error[] {
  const failed: Error[] = []
  for (const plugin of [...asked.network.plugins].reverse()) {
    try {
      runPlugin('DEL', asked, plugin, result)
    } catch (error) {
      failed.push(error as Error)
    }
  }
  return failed
}

/** Where plugins are looked for. @throws StateError for one that is not installed */
export function requirePlugins({ name, plugins }: CniNetwork): void {
  for (const { type } of plugins) {
    if (folders().some((folder) => fileType(`${folder}/${type}`) !== undefined)) continue
    throw new StateError(
      `the CNI network ${name} needs the plugin ${type}, which is not in ${folders().join(', ')}: apt-get install containernetworking-plugins`,
    )
  }
}

const folders = (): string[] => process.env.CNI_PATH?.split(':') ?? FOLDERS

function runPlugin(
  command: 'ADD' | 'DEL',
  { network, id, namespace, runtimeConfig }: CniCall,
  plugin: CniPlugin,
  previous: CniResult,
): string {
  const path = folders()
    .map((folder) => `${folder}/${plugin.type}`)
    .find((one) => fileType(one) !== undefined)
  if (!path) throw new StateError(`the CNI plugin ${plugin.type} is gone`)
  const { capabilities = {}, ...own } = plugin
  const wanted = Object.entries(runtimeConfig).filter(([name]) => capabilities[name])
  const input = {
    ...own,
    name: network.name,
    cniVersion: network.cniVersion,
    ...(wanted.length > 0 ? { runtimeConfig: Object.fromEntries(wanted) } : {}),
    ...(Object.keys(previous).length > 0 ? { prevResult: previous } : {}),
  }
  const { status, stdout, stderr, error } = spawnSync(path, [], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    env: {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin',
      CNI_COMMAND: command,
      CNI_CONTAINERID: id,
      CNI_NETNS: namespace,
      CNI_IFNAME: DEVICE,
      CNI_ARGS: 'IgnoreUnknown=1',
      CNI_PATH: folders().join(':'),
    },
  })
  if (error || status !== 0)
    throw new StateError(
      `the CNI plugin ${plugin.type} failed to ${command}: ${wordsOf(stdout) || stderr.trim() || error?.message || `exit code ${status}`}`,
    )
  return stdout
}

/** A plugin that fails says so in JSON on standard output. */
function wordsOf(stdout: string): string {
  try {
    const { msg = '', details = '' } = JSON.parse(stdout) as { msg?: string; details?: string }
    return [msg, details].filter((one) => one !== '').join(': ')
  } catch {
    return stdout.trim()
  }
}
