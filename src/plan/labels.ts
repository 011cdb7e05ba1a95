/** Labels of the Linux security modules; and the wishes of a config that tinyctr does not fulfil. */

import { ConfigError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AT } from '../linux/abi/flags.ts'
import type { Config } from '../oci/runtime-spec.ts'
import { call, type Step, slot } from './step.ts'

const PROC = slot('proc')

const profileOf = (config: Config): string | undefined => {
  const profile = config.process?.apparmorProfile
  return profile && profile !== 'unconfined' ? profile : undefined
}

/** The host's /proc, while it is that: a container's could be anything (CVE-2019-16884, CVE-2019-19921). */
export function openProcSteps(config: Config): Step[] {
  if (profileOf(config) === undefined && !config.process?.selinuxLabel) return []
  return [
    call('openat', [AT.FDCWD, '/proc', O.PATH | O.DIRECTORY | O.CLOEXEC, 0], {
      into: PROC,
      why: 'labels are written through a /proc that no container has made',
      at: '/process/apparmorProfile',
    }),
  ]
}

/** The AppArmor profile that execve(2) puts on. Written by ourselves to our own attribute. */
export function apparmorSteps(config: Config): Step[] {
  const profile = profileOf(config)
  if (profile === undefined) return []
  const at = '/process/apparmorProfile'
  const opened = slot('apparmor_exec')
  return [
    call('openat', [PROC, 'self/attr/apparmor/exec', O.WRONLY | O.CLOEXEC, 0], {
      into: opened,
      why: 'the label takes effect at execve',
      at,
    }),
    call('write', [opened, `exec ${profile}`], { why: `run under the profile ${profile}`, at }),
  ]
}

/** The SELinux context that execve(2) changes to. */
export function selinuxSteps(config: Config): Step[] {
  const label = config.process?.selinuxLabel
  if (!label) return []
  const at = '/process/selinuxLabel'
  const opened = slot('selinux_exec')
  return [
    call('openat', [PROC, 'self/attr/exec', O.WRONLY | O.CLOEXEC, 0], {
      into: opened,
      why: 'the label takes effect at execve',
      at,
    }),
    call('write', [opened, label], { why: `run as ${label}`, at }),
  ]
}

/** What is asked for and would be silently missing is an error instead. */
export function refuseUnsupported(config: Config): void {
  const refuse = (at: string, wish: unknown, what: string): void => {
    const asked =
      wish !== undefined &&
      wish !== '' &&
      !(typeof wish === 'object' && wish !== null && Object.keys(wish).length === 0)
    if (asked) throw new ConfigError(at, `expected none: tinyctr does not ${what}`)
  }
  refuse('/linux/mountLabel', config.linux?.mountLabel, 'label mounts for SELinux')
  refuse('/linux/intelRdt', config.linux?.intelRdt, 'use Intel RDT')
}
