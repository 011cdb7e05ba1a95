/** The devices of a container and the rules of its cgroup (moby daemon/pkg/oci/devices_linux.go). */
import { ConfigError } from '../../errors.ts'
import type { Device, DeviceRule } from '../../oci/runtime-spec.ts'
import type { HostFacts } from '../host-facts.ts'
import type { RunOptions } from '../run-options.ts'
import { defaultDeviceRules } from './default-config.ts'
import type { DeviceRequest } from './device-flag.ts'

/** @throws ConfigError when nothing of the kind is there */
function devicesOf({ host, container }: DeviceRequest, devicesAt: HostFacts['devicesAt']): Device[] {
  const found = devicesAt.get(host) ?? []
  if (found.length === 0) {
    throw new ConfigError(
      '--device',
      `error gathering device information while adding custom device "${host}": not a device node`,
    )
  }
  return found.map((device) => ({ ...device, path: container + device.path.slice(host.length) }))
}

const ruleFor = ({ type, major, minor }: Device, access: string): DeviceRule => ({
  allow: true,
  type: type === 'b' ? 'b' : 'c',
  ...(major !== undefined && { major }),
  ...(minor !== undefined && { minor }),
  access,
})

export function containerDevices(
  { devices: requests, privileged }: RunOptions,
  { devicesAt, allDevices }: HostFacts,
): { devices: Device[]; rules: DeviceRule[] } {
  if (privileged) {
    const moved = requests.filter(({ host, container }) => host !== container)
    return {
      devices: [...allDevices, ...moved.flatMap((request) => devicesOf(request, devicesAt))],
      rules: [{ allow: true, access: 'rwm' }],
    }
  }
  const devices: Device[] = []
  const rules = [...defaultDeviceRules]
  for (const request of requests) {
    const found = devicesOf(request, devicesAt)
    devices.push(...found)
    rules.push(...found.map((device) => ruleFor(device, request.access)))
  }
  return { devices, rules }
}
