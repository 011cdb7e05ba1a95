/** The config that a command line makes on a made-up host: what the tests of flags compare. */
import { parseArguments } from '../../../src/cli/parse.ts'
import { runFlags } from '../../../src/cli/run/run-flags.ts'
import { type CommandSurroundings, runRequest } from '../../../src/cli/run/run-options.ts'
import { containerConfig } from '../../../src/engine/config/container-config.ts'
import { resolveUser } from '../../../src/engine/config/user.ts'
import type { HostFacts } from '../../../src/engine/host-facts.ts'
import type { RunOptions } from '../../../src/engine/run-options.ts'
import type { ExecutionParameters } from '../../../src/oci/image-spec.ts'
import type { Config, Seccomp } from '../../../src/oci/runtime-spec.ts'

export interface Setting {
  image?: ExecutionParameters
  host?: Partial<HostFacts>
  around?: Partial<CommandSurroundings>
}

export const host: HostFacts = {
  hostname: 'host',
  cpuCount: 4,
  lastCapability: 40,
  rootless: false,
  thermalThrottlePaths: [],
  devicesAt: new Map(),
  allDevices: [{ type: 'c', path: '/dev/kmsg', major: 1, minor: 11, fileMode: 0o644, uid: 0, gid: 0 }],
}

export function optionsOf(args: readonly string[], around: Partial<CommandSurroundings> = {}): RunOptions {
  const { flags, positionals } = parseArguments(runFlags, args, { flagsFirst: true })
  const request = runRequest(flags, positionals, {
    environment: {},
    folder: '/work',
    files: new Map(),
    network: 'none',
    ...around,
  })
  if (request.from !== 'image') throw new Error('expected an image')
  return request.options
}

/** The flags alone: IMAGE and a command are added. */
export function configOf(
  flags: readonly string[],
  setting: Setting = {},
  command: string[] = ['sh'],
): Config {
  const options = optionsOf([...flags, 'alpine', ...command], setting.around)
  return containerConfig({
    id: '0123456789abcdef'.repeat(4),
    image: setting.image ?? {},
    options,
    user: resolveUser('root:x:0:0::/root:/bin/sh\n', '', options.user ?? setting.image?.User ?? ''),
    host: { ...host, ...setting.host },
    paths: {
      rootfs: 'rootfs',
      hosts: '/c/hosts',
      hostname: '/c/hostname',
      resolvConf: '/c/resolv.conf',
      cgroup: '/tinyctr/0123',
    },
    consoleSize: { height: 24, width: 80 },
    resolveSeccomp: (profile, capabilities): Seccomp => ({
      defaultAction: 'SCMP_ACT_ERRNO',
      listenerMetadata: `${JSON.stringify(profile)} with ${capabilities.length} capabilities`,
    }),
  })
}
