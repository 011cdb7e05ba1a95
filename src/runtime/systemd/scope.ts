/**
 * The container's cgroup as a transient scope of systemd (systemd.io, "Control Group APIs and Delegation"): made around
 * ourselves right before the container is, which is born in it; then we leave it (plan/cgroup-scope.ts).
 */
import { StateError } from '../../errors.ts'
import { call } from '../../linux/call.ts'
import type { Bus } from '../../linux/dbus/bus.ts'
import { readTextIfAny } from '../../linux/file.ts'
import type { Config, Resources } from '../../oci/runtime-spec.ts'
import { resourceFiles } from '../../plan/cgroup-resources.ts'
import { isChangeable, unitProperties } from '../../plan/unit-properties.ts'
import { isPopulated } from '../cgroup-processes.ts'
import { annotatedProperties } from './property-annotations.ts'
import { parseUnitName, slicePath } from './unit-name.ts'
import {
  connectManager,
  managerCgroup,
  type Properties,
  property,
  setUnitProperties,
  startScope,
  stopUnit,
} from './units.ts'

/** What is kept of it in the container's state. */
export interface Scope {
  readonly unit: string
  /** Of the user's own manager. */
  readonly isUser: boolean
}

export interface PreparedScope {
  readonly scope: Scope
  /** Below the mount of cgroup v2, where it is going to be. */
  readonly cgroup: string
  /** Our own cgroup, in the same way. */
  readonly home: string
  /** Makes it, with this process in it. @param folder of its cgroup. @throws StateError */
  start(folder: string): void
}

const ownCgroup = (): string => /^0::(.*)$/m.exec(readTextIfAny('/proc/self/cgroup') ?? '')?.[1] ?? '/'

/** Nothing is made yet. @throws StateError where no systemd answers, ConfigError */
export function prepareScope(config: Config, id: string): PreparedScope {
  const isUser = call('geteuid', []) !== 0
  const { slice, unit } = parseUnitName(config.linux?.cgroupsPath, id, isUser)
  const below = slicePath(slice)
  const properties = scopeProperties(config, id, slice)
  const bus = connectManager(isUser)
  const cgroup = `${isUser ? managerCgroup(bus) : ''}${below}/${unit}`
  return {
    scope: { unit, isUser },
    cgroup,
    home: ownCgroup(),
    start(folder) {
      startScope(bus, unit, properties, () => !isPopulated(folder))
      bus.close()
      const made = ownCgroup()
      if (made !== cgroup) throw new StateError(`systemd has made the cgroup ${made} and not ${cgroup}`)
    },
  }
}

function scopeProperties(config: Config, id: string, slice: string): Properties {
  const accounting = ['Memory', 'CPU', 'IO', 'Tasks'].map((what) => property(`${what}Accounting`, 'b', true))
  return [
    property('Description', 's', `tinyctr container ${id}`),
    property('Slice', 's', slice),
    property('Delegate', 'b', true),
    property('PIDs', 'au', [process.pid]),
    ...accounting,
    property('DefaultDependencies', 'b', false),
    // Nobody may be there to see it fail: `run` ends without us.
    property('CollectMode', 's', 'inactive-or-failed'),
    ...annotatedProperties(config.annotations),
    ...resourceProperties(config),
  ]
}

const resourceProperties = (config: Config, isRunning = false): Properties =>
  unitProperties(resourceFiles(config))
    .filter((one) => !isRunning || isChangeable(one))
    .map(([name, signature, value]) => property(name, signature, value))

/** @throws StateError */
export function updateScope({ isUser, unit }: Scope, ociVersion: string, resources: Resources): void {
  const properties = resourceProperties({ ociVersion, linux: { resources } }, true)
  withManager(isUser, (bus) => setUnitProperties(bus, unit, properties))
}

/** With all that is in it. @throws StateError */
export const stopScope = ({ isUser, unit }: Scope): void => withManager(isUser, (bus) => stopUnit(bus, unit))

function withManager(isUser: boolean, work: (bus: Bus) => void): void {
  const bus = connectManager(isUser)
  try {
    work(bus)
  } finally {
    bus.close()
  }
}
