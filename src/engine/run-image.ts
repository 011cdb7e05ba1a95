/** `tinyctr run IMAGE`: an image and flags become a container's config, and its config a plan. */
import { TIOC } from '../linux/abi/flags.ts'
import { attempt } from '../linux/call.ts'
import { readTextIfAny } from '../linux/file.ts'
import { readHost, readKernelRelease } from '../linux/host.ts'
import type { Config } from '../oci/runtime-spec.ts'
import { cgroupFolder } from '../plan/cgroup.ts'
import { ownCommand } from '../runtime/own-command.ts'
import { cachedFilter } from '../runtime/seccomp-cache.ts'
import { containerConfig, containerHostname } from './container-config.ts'
import { etcHostname, etcHosts, etcResolvConf } from './etc-files.ts'
import { findImage, type ImageSource } from './find-image.ts'
import type { ContainerPaths, HostFacts } from './host-facts.ts'
import { readImageText } from './image-file.ts'
import type { Launch } from './launch.ts'
import { foldersAt, missingSources } from './missing-sources.ts'
import { preparedId } from './prepared-start.ts'
import { readHostFacts } from './read-host-facts.ts'
import type { RunOptions } from './run-options.ts'
import { resolveSeccomp } from './seccomp-resolver.ts'
import { resolveUser } from './user.ts'

export interface Folders {
  readonly root: string
  readonly dataRoot: string
}

export async function prepareImage(
  options: RunOptions,
  folders: Folders,
  source: Omit<ImageSource, 'dataRoot'>,
): Promise<Launch> {
  const image = await findImage(options, { ...source, dataRoot: folders.dataRoot })
  const preparation = preparedId(undefined)
  const id = preparation.prepared
  const facts = readHostFacts(options)
  const folder = `${folders.dataRoot}/containers/${id}`
  const stateFolder = `${folders.root}/${id}`
  const paths: ContainerPaths = {
    rootfs: `${stateFolder}/rootfs`,
    hosts: `${stateFolder}/hosts`,
    hostname: `${stateFolder}/hostname`,
    resolvConf: `${stateFolder}/resolv.conf`,
    cgroup: `${options.cgroupParent ?? '/tinyctr'}/${id}`,
  }
  const user = resolveUser(
    readImageText(image.layerDirectories, 'etc/passwd'),
    readImageText(image.layerDirectories, 'etc/group'),
    options.user ?? image.config.User ?? '',
    { groupAdd: options.groupAdd, at: options.user === undefined ? '/config/User' : '--user' },
  )
  const config = containerConfig({
    id,
    image: image.config,
    options,
    user,
    host: facts,
    paths,
    ...consoleSize(options),
    resolveSeccomp: resolveSeccomp(readKernelRelease()),
  })
  if (!options.lab.cgroup) delete config.linux?.cgroupsPath
  const missing = missingSources(options)
  const host = readHost(config, '/')
  const seccomp = config.linux?.seccomp
  return {
    id: preparation,
    folders: [folders.root, `${folders.dataRoot}/containers`],
    input: {
      config,
      // The files of /etc are written by the plan itself.
      host: {
        ...host,
        sources: {
          ...host.sources,
          ...foldersAt(missing),
          [paths.hosts]: 'file',
          [paths.hostname]: 'file',
          [paths.resolvConf]: 'file',
        },
      },
      bundle: '/',
      stateFolder,
      journal: `${cgroupFolder(config, host) ?? ''}\n${folder}\n`,
      files: etcFiles(id, options, facts),
      layer: {
        folder,
        lower: image.layerDirectories,
        userxattr: image.overlayXattrs === 'user' || hasUserNamespace(config),
      },
      ...(facts.rootless && isRanged(config) ? { removeMapped: ownCommand('remove-mapped') } : {}),
      ...(options.init ? { init: true } : {}),
      ...(options.interactive ? {} : { stdin: 'null' as const }),
    },
    ...(seccomp ? { seccompFilter: () => cachedFilter(folders.root, seccomp, host.architecture) } : {}),
    missingSources: missing,
    terminal: options.terminal,
    interactive: options.interactive && options.terminal,
    lab: options.lab,
    repeatable: options.environment.length === 0,
  }
}

/** More ids than the caller's own are mapped. */
const isRanged = (config: Config): boolean => (config.linux?.uidMappings?.length ?? 0) > 1

const hasUserNamespace = (config: Config): boolean =>
  config.linux?.namespaces?.some(({ type }) => type === 'user') ?? false

function etcFiles(id: string, options: RunOptions, facts: HostFacts): Record<string, string> {
  const hostname = containerHostname(id, options, facts)
  const onHost = options.network === 'host'
  return {
    hosts: etcHosts({
      hostname,
      extra: options.extraHosts,
      ...(options.domainname === undefined ? {} : { domainname: options.domainname }),
      ...(onHost ? { hostText: readTextIfAny('/etc/hosts') ?? '' } : {}),
    }),
    hostname: etcHostname(hostname),
    'resolv.conf': etcResolvConf(readTextIfAny('/etc/resolv.conf') ?? '', options.dns, !onHost),
  }
}

function consoleSize(options: RunOptions): { consoleSize?: { height: number; width: number } } {
  if (!options.terminal) return {}
  const size = readWindowSize()
  return size ? { consoleSize: size } : {}
}

function readWindowSize(): { height: number; width: number } | undefined {
  // ioctl's argument is a word to the table: the buffer comes back only when it is passed in place.
  const buffer = new Uint8Array(1024)
  for (const fd of [0, 1, 2]) {
    if (attempt('ioctl', [fd, TIOC.GWINSZ, buffer]) < 0) continue
    const view = new DataView(buffer.buffer)
    return { height: view.getUint16(0, true), width: view.getUint16(2, true) }
  }
  return undefined
}
