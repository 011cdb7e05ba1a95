/** What a checkpoint and its restore must be told alike: runc's flags, and what the config says of the container. */
import { S } from '../../linux/abi/flags.ts'
import { fileType } from '../../linux/file.ts'
import type { Config, Mount, NamespaceType } from '../../oci/runtime-spec.ts'
import { isBind } from '../../plan/mount-options.ts'
import { normalize } from '../../plan/tree.ts'

export interface CriuOptions {
  /** Where the images are; absolute, as are all folders here. */
  readonly images: string
  /** Where CRIU writes its log; the images' folder if nobody says. */
  readonly work?: string
  readonly tcpEstablished?: boolean
  readonly externalSockets?: boolean
  readonly shellJob?: boolean
  readonly fileLocks?: boolean
  readonly lazyPages?: boolean
  readonly autoDedup?: boolean
  readonly cgroups?: 'soft' | 'full' | 'strict' | 'ignore'
}

/** Options that dump and restore share. */
export function commonArgs(options: CriuOptions, config: Config, log: string): string[] {
  const flags: readonly (readonly [string, boolean | undefined])[] = [
    ['--tcp-established', options.tcpEstablished],
    ['--ext-unix-sk', options.externalSockets],
    ['--shell-job', options.shellJob],
    ['--file-locks', options.fileLocks],
    ['--lazy-pages', options.lazyPages],
    ['--auto-dedup', options.autoDedup],
  ]
  return [
    '--images-dir',
    options.images,
    ...(options.work === undefined ? [] : ['--work-dir', options.work]),
    '--log-file',
    log,
    '-v4',
    `--manage-cgroups=${options.cgroups ?? 'soft'}`,
    ...flags.flatMap(([flag, wanted]) => (wanted ? [flag] : [])),
    // Devices and addresses of its network are whoever made them's to make again, as with runc.
    ...(namespacePath(config, 'network') === undefined ? ['--empty-ns', 'net'] : []),
    ...configFileArgs(config),
  ]
}

/** runc's annotation: another configuration of CRIU's, or with no text none. */
function configFileArgs({ annotations }: Config): string[] {
  const file = annotations?.['org.criu.config'] ?? '/etc/criu/runc.conf'
  return file !== '' && fileType(file) === S.IFREG ? ['--config', file] : []
}

export const namespacePath = (config: Config, wanted: NamespaceType): string | undefined =>
  config.linux?.namespaces?.find(({ type }) => type === wanted)?.path || undefined

/** Namespaces that are somebody else's are neither saved nor made again, but entered: CRIU's name and ours for each. */
export const EXTERNAL_NAMESPACES = [
  ['network', 'net', 'extRootNetNS'],
  ['pid', 'pid', 'extRootPidNS'],
] as const

/** The places of the container at which the host has files of its own. */
export const bindMounts = (config: Config): Mount[] => (config.mounts ?? []).filter(isBind)

export const mountPoint = ({ destination }: Mount): string => normalize(destination)
