/** `tinyctr update`. */

import type { ResourceOptions } from '../../engine/config/resources.ts'
import { updateContainer } from '../../engine/container/update-container.ts'
import { recordContainerEvent } from '../../engine/events/record-event-of.ts'
import { UsageError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import { runFlags } from '../run/run-flags.ts'
import { resourceOptions } from '../run/run-limits.ts'
import { eachContainer } from './each-container.ts'

const {
  'blkio-weight': blkioWeight,
  'cpu-period': cpuPeriod,
  'cpu-quota': cpuQuota,
  'cpu-shares': cpuShares,
  cpus,
  'cpuset-cpus': cpusetCpus,
  'cpuset-mems': cpusetMems,
  memory,
  'memory-reservation': memoryReservation,
  'memory-swap': memorySwap,
  'pids-limit': pidsLimit,
  restart,
} = runFlags

export const update = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Update configuration of one or more containers',
  examples: ['tinyctr update --memory 256m --cpus 0.5 web', 'tinyctr update --restart unless-stopped web'],
  flags: {
    'blkio-weight': blkioWeight,
    'cpu-period': cpuPeriod,
    'cpu-quota': cpuQuota,
    'cpu-shares': cpuShares,
    cpus,
    'cpuset-cpus': cpusetCpus,
    'cpuset-mems': cpusetMems,
    memory,
    'memory-reservation': memoryReservation,
    'memory-swap': memorySwap,
    'pids-limit': pidsLimit,
    restart,
  },
  laterFlags: ['cpu-rt-period', 'cpu-rt-runtime', 'kernel-memory'],
  least: 1,
  completes: 'containers',
  execute({ flags, positionals, folders }) {
    if (Object.keys(flags).length === 0) {
      throw new UsageError('you must provide one or more flags when using this command')
    }
    const asked = given(resourceOptions(flags))
    return eachContainer(positionals, folders.dataRoot, (container) => {
      updateContainer(folders, container, {
        resources: asked,
        ...(flags.restart && { restart: flags.restart }),
      })
      recordContainerEvent(folders.dataRoot, container, 'update')
    })
  },
})

/** Without what nobody said. */
const given = (options: ResourceOptions): Partial<ResourceOptions> =>
  Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined && !Array.isArray(value)),
  ) as Partial<ResourceOptions>
