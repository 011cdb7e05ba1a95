/**
 * What the program that is the machine sees of the host: its own libraries, and the folders that the machine was given.
 * Whoever breaks out of the machine's kernel is in an empty tree, in namespaces of its own, without capabilities that
 * reach the host.
 */

import { GUEST_BASE64 } from '../../../build/native/guest.ts'
import { O } from '../../linux/abi/arch.ts'
import { CAPABILITIES } from '../../linux/abi/capability.ts'
import { AT, MNT, MS, PR, S } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { fileType, makeFolder, writeAll } from '../../linux/file.ts'
import type { Hypervisor, MachineSpec, Placed } from './machine.ts'

/** Where the jail keeps what becomes the machine's `/`. */
export const GUEST = '/guest'

const SYSTEM = ['usr', 'lib', 'lib64']
const DEVICES = ['null', 'zero', 'random', 'urandom']
const GUEST_FOLDERS = 'boot boot/modules dev lower proc run share sys tmp writable'.split(' ')
/** To read and write files as their owners would: hostfs is that, and nothing more. */
const KEPT = new Set(['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_MKNOD'])

/** In a new mount namespace; afterwards `/` is the jail. @param files what the hypervisor looks for, by its path */
export function enterJail(
  spec: MachineSpec,
  hypervisor: Hypervisor,
  files: Readonly<Record<string, Placed>>,
): void {
  call('mount', [null, '/', null, MS.REC | MS.PRIVATE, null])
  const root = `${spec.folder}/jail`
  makeFolder(root, 0o755)
  call('mount', ['jail', root, 'tmpfs', MS.NOSUID, 'mode=755'])
  for (const name of ['proc', 'dev', 'tmp', 'guest']) makeFolder(`${root}/${name}`, 0o755)
  for (const name of SYSTEM) {
    if (fileType(`/${name}`) === undefined) continue
    bind(`/${name}`, `${root}/${name}`, true)
  }
  call('mount', ['proc', `${root}/proc`, 'proc', MS.NOSUID | MS.NODEV | MS.NOEXEC, null])
  for (const name of [...DEVICES, ...hypervisor.devices]) bind(`/dev/${name}`, `${root}/dev/${name}`, false)
  makeFolder(`${root}/dev/shm`, 0o777)
  for (const [path, file] of Object.entries(files)) place(file, `${root}${path}`, 0o644)
  makeGuestRoot(`${root}${GUEST}`, spec, hypervisor.modules)
  call('chdir', [root])
  call('pivot_root', ['.', '.'])
  call('umount2', ['.', MNT.DETACH])
  call('chdir', ['/'])
}

function makeGuestRoot(guest: string, spec: MachineSpec, modules: readonly string[]): void {
  for (const name of GUEST_FOLDERS) makeFolder(`${guest}/${name}`, 0o755)
  const files = { guest: Buffer.from(GUEST_BASE64, 'base64'), ...spec.files }
  for (const [name, file] of Object.entries(files)) place(file, `${guest}/boot/${name}`, 0o755)
  modules.forEach((path, i) => {
    bind(path, `${guest}/boot/modules/${moduleFile(i)}`, true)
  })
  if (spec.lower.length === 1) bind(spec.lower[0] as string, `${guest}/lower`, true, spec.withMounts)
  else if (spec.lower.length > 1)
    call('mount', ['lower', `${guest}/lower`, 'overlay', MS.RDONLY, `lowerdir=${spec.lower.join(':')}`])
  spec.shares.forEach(({ source, readonly }, i) => {
    bind(source, `${guest}/share/${i}`, readonly)
  })
}

const LETTERS = 26
const FIRST_LETTER = 97

/** aa, ab, ...: the machine's first process loads them in this order. */
export const moduleFile = (index: number): string =>
  String.fromCharCode(FIRST_LETTER + Math.floor(index / LETTERS), FIRST_LETTER + (index % LETTERS))

function place(file: Placed, target: string, mode: number): void {
  if (typeof file === 'string' || file instanceof Uint8Array) makeFile(target, file, mode)
  else bind(file.path, target, true)
}

function bind(source: string, target: string, readonly: boolean, withMounts = false): void {
  const recursive = withMounts ? MS.REC : 0
  if (fileType(source) === S.IFDIR) makeFolder(target, 0o755)
  else makeFile(target, '', 0o644)
  call('mount', [source, target, null, MS.BIND | recursive, null])
  if (readonly)
    call('mount_setattr', [
      AT.FDCWD,
      target,
      withMounts ? AT.RECURSIVE : 0,
      { attr_set: 1, attr_clr: 0, propagation: 0, userns_fd: 0 },
    ])
}

function makeFile(path: string, content: string | Uint8Array, mode: number): void {
  const fd = call('openat', [AT.FDCWD, path, O.WRONLY | O.CREAT | O.CLOEXEC, mode])
  writeAll(fd, typeof content === 'string' ? new TextEncoder().encode(content) : content)
  call('close', [fd])
}

/** For good, and for every program that is started. */
export function dropPrivileges(): void {
  let kept = 0n
  CAPABILITIES.forEach((name, number) => {
    if (KEPT.has(name)) kept |= 1n << BigInt(number)
    else attempt('prctl', [PR.CAPBSET_DROP, number, 0, 0, 0])
  })
  call('capset', [
    { version: 0x20080522, pid: 0 },
    { effective: kept, permitted: kept, inheritable: 0n },
  ])
  call('prctl', [PR.SET_NO_NEW_PRIVS, 1, 0, 0, 0])
}
