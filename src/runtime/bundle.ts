/** A bundle's config.json as the container gets it (runtime-spec bundle.md). */
import { StateError } from '../errors.ts'
import { E } from '../linux/abi/errno.ts'
import { readText } from '../linux/file.ts'
import { KernelError } from '../linux/kernel-error.ts'
import type { Config, Linux } from '../oci/runtime-spec.ts'
import { checkSemantics, requireProcess } from '../oci/semantics.ts'
import { parseConfig } from '../oci/validate.ts'
import { withHome } from './home.ts'

export interface Bundle {
  /** The text of config.json. */
  readonly text: string
  /** With what it leaves to the runtime filled in. */
  readonly config: Config
  readonly rootfs: string
}

/** `disabled`: the container stays in the caller's cgroup. */
export type CgroupManager = 'cgroupfs' | 'systemd' | 'disabled'

export interface BundleOptions {
  /** Absolute. */
  readonly bundle: string
  /** Instead of the bundle's config.json; absolute. */
  readonly configFile?: string
  readonly id: string
  readonly cgroupManager: CgroupManager
}

/** @throws StateError, ConfigError */
export function readBundle({ bundle, configFile, id, cgroupManager }: BundleOptions): Bundle {
  const text = configFile === undefined ? readConfigText(bundle) : readText(configFile)
  const given = parseConfig(text)
  checkSemantics(given)
  const process = requireProcess(given)
  const path = given.root?.path ?? ''
  const rootfs = path.startsWith('/') ? path : `${bundle}/${path}`
  const config: Config = {
    ...given,
    process: withHome(process, rootfs),
    linux: withCgroup(given.linux ?? {}, id, cgroupManager),
  }
  return { text, config, rootfs }
}

function withCgroup(linux: Linux, id: string, manager: CgroupManager): Linux {
  const { cgroupsPath, ...rest } = linux
  // Its names become a path where its unit is made (systemd/scope.ts).
  if (manager === 'systemd') return linux
  return manager === 'disabled' ? rest : { ...rest, cgroupsPath: cgroupsPath || `/tinyctr/${id}` }
}

function readConfigText(bundle: string): string {
  try {
    return readText(`${bundle}/config.json`)
  } catch (cause) {
    if (!(cause instanceof KernelError) || cause.errno !== E.NOENT) throw cause
    throw new StateError(`JSON specification file config.json not found in ${bundle}`, { cause })
  }
}
