/** systemd over D-Bus (org.freedesktop.systemd1(5)): units, and jobs that are waited for. */
import { StateError } from '../../errors.ts'
import { type Bus, BusError, connectBus } from '../../linux/dbus/bus.ts'
import { type Variant, variant } from '../../linux/dbus/marshal.ts'

/** Names with values. */
export type Properties = readonly (readonly [string, Variant])[]

const MANAGER = {
  destination: 'org.freedesktop.systemd1',
  path: '/org/freedesktop/systemd1',
  interface: 'org.freedesktop.systemd1.Manager',
} as const

const SYSTEM_BUS = '/run/dbus/system_bus_socket'
const JOB_REMOVED = `type='signal',interface='${MANAGER.interface}',member='JobRemoved'`

/** The system's manager; without root the user's own. @throws StateError when nobody answers */
export function connectManager(isUser: boolean): Bus {
  try {
    return connectBus(isUser ? userBus() : addressOf(process.env.DBUS_SYSTEM_BUS_ADDRESS, SYSTEM_BUS))
  } catch (cause) {
    if (!(cause instanceof StateError)) throw cause
    throw new StateError(
      `systemd cgroup flag passed, but systemd support for managing cgroups is not available: ${cause.message}`,
      { cause },
    )
  }
}

function userBus(): string {
  const folder = process.env.XDG_RUNTIME_DIR
  const usual = folder ? `${folder}/bus` : `/run/user/${process.geteuid?.()}/bus`
  return addressOf(process.env.DBUS_SESSION_BUS_ADDRESS, usual)
}

const addressOf = (address: string | undefined, otherwise: string): string =>
  /(?:^|;)unix:path=([^,;]+)/.exec(address ?? '')?.[1] ?? otherwise

/** The cgroup that everything of this manager is below: `` for the system's. */
export function managerCgroup(bus: Bus): string {
  const [property] = bus.call(
    {
      ...MANAGER,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      signature: 'ss',
    },
    [MANAGER.interface, 'ControlGroup'],
  ) as [Variant]
  return String(property.value)
}

/**
 * A scope that starts now, waited for. @param isOver whether one of the same name is only not yet forgotten
 * @throws StateError
 */
export function startScope(bus: Bus, unit: string, properties: Properties, isOver: () => boolean): void {
  listenForJobs(bus)
  try {
    startOnce(bus, unit, properties)
  } catch (error) {
    if (!(error instanceof BusError) || !error.errorName.endsWith('.UnitExists') || !isOver()) throw error
    stopUnit(bus, unit)
    startOnce(bus, unit, properties)
  }
}

function startOnce(bus: Bus, unit: string, properties: Properties): void {
  const [job] = bus.call({ ...MANAGER, member: 'StartTransientUnit', signature: 'ssa(sv)a(sa(sv))' }, [
    unit,
    'replace',
    properties,
    [],
  ])
  const result = jobResult(bus, job as string)
  if (result === 'done') return
  resetFailed(bus, unit)
  throw new StateError(`error creating systemd unit ${unit}: got ${result}`)
}

const listenForJobs = (bus: Bus): void => {
  const name = 'org.freedesktop.DBus'
  const fields = { destination: name, path: '/org/freedesktop/DBus', interface: name, member: 'AddMatch' }
  bus.call({ ...fields, signature: 's' }, [JOB_REMOVED])
}

/** JobRemoved: number, job, unit, result. */
function jobResult(bus: Bus, job: string): string {
  const { body } = bus.signal(({ member, body: [, removed] }) => member === 'JobRemoved' && removed === job)
  return String(body[3])
}

/** It ends with all that is in it. That there is none is no error. */
export function stopUnit(bus: Bus, unit: string): void {
  listenForJobs(bus)
  try {
    const [job] = bus.call({ ...MANAGER, member: 'StopUnit', signature: 'ss' }, [unit, 'replace'])
    jobResult(bus, job as string)
  } catch (error) {
    if (!(error instanceof BusError) || !error.errorName.endsWith('.NoSuchUnit')) throw error
  }
  resetFailed(bus, unit)
}

/** A failed unit stays in systemd's memory until somebody has seen it. */
function resetFailed(bus: Bus, unit: string): void {
  try {
    bus.call({ ...MANAGER, member: 'ResetFailedUnit', signature: 's' }, [unit])
  } catch (error) {
    // It is not there, or has not failed.
    if (!(error instanceof BusError)) throw error
  }
}

/** Until the next boot. @throws StateError */
export function setUnitProperties(bus: Bus, unit: string, properties: Properties): void {
  bus.call({ ...MANAGER, member: 'SetUnitProperties', signature: 'sba(sv)' }, [unit, true, properties])
}

export const property = (name: string, signature: string, value: Variant['value']): [string, Variant] => [
  name,
  variant(signature, value),
]
