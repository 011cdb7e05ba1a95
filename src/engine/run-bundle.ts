/** `tinyctr run --bundle DIR [ID]`: a bare OCI bundle, whose config.json says everything. */
import { ConfigError, UsageError } from '../errors.ts'
import { CAPABILITIES } from '../linux/abi/capability.ts'
import { E } from '../linux/abi/errno.ts'
import { S } from '../linux/abi/flags.ts'
import { fileType, readText } from '../linux/file.ts'
import { readHost } from '../linux/host.ts'
import { KernelError } from '../linux/kernel-error.ts'
import { unknownCapabilities } from '../oci/process-semantics.ts'
import type { Config } from '../oci/runtime-spec.ts'
import { checkSemantics, requireProcess } from '../oci/semantics.ts'
import { parseConfig } from '../oci/validate.ts'
import { cgroupFolder } from '../plan/cgroup.ts'
import { preparedId } from '../runtime/prepared-start.ts'
import { cachedFilter } from '../runtime/seccomp-cache.ts'
import type { Launch } from './launch.ts'
import type { BundleOptions } from './run-options.ts'

export async function prepareBundle(options: BundleOptions, folders: { root: string }): Promise<Launch> {
  const bundle = options.bundle.startsWith('/') ? options.bundle : `${process.cwd()}/${options.bundle}`
  const id = preparedId(options.id)
  const config = readBundle(bundle)
  const own: Config = { ...config, linux: { ...config.linux } }
  if (!options.lab.cgroup) delete own.linux?.cgroupsPath
  else if (own.linux) own.linux.cgroupsPath = config.linux?.cgroupsPath ?? `/tinyctr/${id.prepared}`
  const rootfs = own.root?.path.startsWith('/') ? own.root.path : `${bundle}/${own.root?.path}`
  if (fileType(rootfs) !== S.IFDIR)
    throw new ConfigError(
      '/root/path',
      `expected the folder of the root filesystem but found none at ${rootfs}`,
    )
  const host = readHost(own, bundle)
  const seccomp = own.linux?.seccomp
  return {
    id,
    folders: [folders.root],
    input: {
      config: own,
      host,
      bundle,
      stateFolder: `${folders.root}/${id.prepared}`,
      journal: `${cgroupFolder(own, host) ?? ''}\n\n`,
      files: {},
    },
    ...(seccomp ? { seccompFilter: () => cachedFilter(folders.root, seccomp, host.architecture) } : {}),
    ...warningOf(own),
    terminal: own.process?.terminal === true,
    interactive: own.process?.terminal === true,
    lab: options.lab,
  }
}

/** What the kernel has no number for is told, and is no reason to fail (config.md, "Linux Process"). */
function warningOf({ process }: Config): { warning?: string } {
  const unknown = new Set(process && unknownCapabilities(process, '/process', new Set(CAPABILITIES)).values())
  if (unknown.size === 0) return {}
  return { warning: `tinyctr: warning: no kernel has these capabilities: ${[...unknown].join(', ')}` }
}

function readBundle(bundle: string): Config {
  let text: string
  try {
    text = readText(`${bundle}/config.json`)
  } catch (cause) {
    if (!(cause instanceof KernelError) || cause.errno !== E.NOENT) throw cause
    throw new UsageError(
      `there is no config.json in ${bundle}: a bundle is a folder with a config.json and a root filesystem`,
      { cause },
    )
  }
  const config = parseConfig(text)
  checkSemantics(config)
  requireProcess(config)
  return config
}
