/** Labels of the Linux security modules. */

import { ConfigError } from '../errors.ts'
import { O } from '../linux/abi/arch.ts'
import { AT } from '../linux/abi/flags.ts'
import type { Config } from '../oci/runtime-spec.ts'
import type { Host } from './host.ts'
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

/** A label that nobody would look at is an error, in runc's words. */
export function checkLabels({ linux, process }: Config, { securityModules }: Host): void {
  if (securityModules === undefined) return
  const need = (module: string, at: string, label: string | undefined, fact: string): void => {
    if (label && label !== 'unconfined' && !securityModules.includes(module)) throw new ConfigError(at, fact)
  }
  const selinux = 'selinux label is specified in config, but selinux is disabled or not supported'
  need('selinux', '/process/selinuxLabel', process?.selinuxLabel, selinux)
  need('selinux', '/linux/mountLabel', linux?.mountLabel, selinux)
  need(
    'apparmor',
    '/process/apparmorProfile',
    process?.apparmorProfile,
    'apparmor: config provided but apparmor not supported',
  )
}

/** Keys that we make belong to the program too; execve(2) takes this back. */
export function keyLabelSteps(config: Config): Step[] {
  const label = config.process?.selinuxLabel
  if (!label) return []
  const at = '/process/selinuxLabel'
  const opened = slot('selinux_keycreate')
  return [
    call('openat', [PROC, 'self/attr/keycreate', O.WRONLY | O.CLOEXEC, 0], {
      into: opened,
      why: 'the label of the session keyring',
      at,
    }),
    call('write', [opened, label], { why: `is ${label}`, at }),
  ]
}
