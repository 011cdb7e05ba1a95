/** What a plan must know of this machine only where the config asks for it; added to what linux/host.ts always reads. */
import { fileType, listFolder, readTextIfAny } from '../linux/file.ts'
import type { Config } from '../oci/runtime-spec.ts'
import type { Host, Resctrl } from '../plan/host.ts'

export async function withWishes(host: Host, config: Config): Promise<Host> {
  const { linux, process } = config
  const netDevices = Object.keys(linux?.netDevices ?? {})
  const labels = process?.selinuxLabel || process?.apparmorProfile || linux?.mountLabel
  const rdt = linux?.intelRdt && Object.keys(linux.intelRdt).length > 0 ? readResctrl() : undefined
  return {
    ...host,
    ...(netDevices.length === 0
      ? {}
      : { netDevices: (await import('../linux/net-devices.ts')).readNetDevices(netDevices) }),
    ...(labels ? { securityModules: securityModules() } : {}),
    ...(rdt ? { resctrl: rdt } : {}),
  }
}

/** Those that are in force: SELinux is not before its policy is loaded, when everything is `kernel`. */
function securityModules(): string[] {
  const selinux =
    fileType('/sys/fs/selinux/enforce') !== undefined &&
    readTextIfAny('/proc/self/attr/current')?.replace(/\0$/, '') !== 'kernel'
  const apparmor = readTextIfAny('/sys/module/apparmor/parameters/enabled')?.startsWith('Y')
  return [...(selinux ? ['selinux'] : []), ...(apparmor ? ['apparmor'] : [])]
}

export const RESCTRL = '/sys/fs/resctrl'
const NO_GROUPS = ['info', 'mon_data', 'mon_groups']

function readResctrl(): Resctrl | undefined {
  const root = readTextIfAny(`${RESCTRL}/schemata`)
  if (root === undefined) return undefined
  const names = listFolder(RESCTRL).filter((name) => !NO_GROUPS.includes(name))
  const groups = names.flatMap((name) => {
    const schemata = readTextIfAny(`${RESCTRL}/${name}/schemata`)
    return schemata === undefined ? [] : [[name, schemata]]
  })
  return { mount: RESCTRL, groups: { ...Object.fromEntries(groups), '/': root } }
}
