/** `tinyctr run --bundle DIR [ID]`: a bare OCI bundle, whose config.json says everything. */
import { ConfigError, UsageError } from '../errors.ts'
import { E } from '../linux/abi/errno.ts'
import { S } from '../linux/abi/flags.ts'
import { fileType, readText } from '../linux/file.ts'
import { readHost } from '../linux/host.ts'
import { KernelError } from '../linux/kernel-error.ts'
import { apart } from '../linux/premises.ts'
import type { Config } from '../oci/runtime-spec.ts'
import { checkSemantics, requireProcess } from '../oci/semantics.ts'
import { parseConfig } from '../oci/validate.ts'
import { cgroupFolder } from '../plan/cgroup.ts'
import type { Launch } from './launch.ts'
import { preparedId } from './prepared-start.ts'
import type { BundleOptions } from './run-options.ts'
import { cachedFilter } from './seccomp-cache.ts'
import { makeStateFolder } from './state-folder.ts'
import { sweep } from './sweep.ts'

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
  makeStateFolder(folders.root)
  await apart(() => sweep(folders.root))
  const host = readHost(own, bundle)
  const stateFolder = `${folders.root}/${id.prepared}`
  // A start that is kept asks for the one that it was prepared as, with its own in that place.
  const exists = fileType(stateFolder) ?? apart(() => fileType(`${folders.root}/${id.own}`))
  if (exists !== undefined)
    throw new UsageError(`a container with the ID ${id.own} exists already: choose another`)
  const seccomp = own.linux?.seccomp
  return {
    id,
    input: {
      config: own,
      host,
      bundle,
      stateFolder,
      journal: `${cgroupFolder(own, host) ?? ''}\n\n`,
      files: {},
    },
    ...(seccomp ? { seccompFilter: () => cachedFilter(folders.root, seccomp, host.architecture) } : {}),
    terminal: own.process?.terminal === true,
    interactive: own.process?.terminal === true,
    lab: options.lab,
    // A bundle's variables lie in its config.json anyway.
    repeatable: true,
  }
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
