/**
 * A virtual machine as it is asked for: a kernel of its own, a read-only tree, folders of the host, a job. User Mode
 * Linux (a Linux kernel that is a program) boots it; what it is told stands in a folder that it sees as `/`.
 */
import { UsageError } from '../../errors.ts'
import { S } from '../../linux/abi/flags.ts'
import { fileType, listFolder } from '../../linux/file.ts'

export interface Share {
  /** A folder or file of the host; inside it is `/share/N`, counted from 0. */
  readonly source: string
  readonly readonly: boolean
}

export interface MachineSpec {
  /** On the host, and the caller's to remove: `result/` is what the machine may write to, `log` what its kernel says. */
  readonly folder: string
  /** A statically linked busybox of the host: the machine's init runs on it. */
  readonly busybox: string
  /** Folders of the host, top first, that are `/lower` inside: one read-only tree. */
  readonly lower: readonly string[]
  /** With all that is mounted below it: of a tree that is the host's own. */
  readonly withMounts?: boolean
  readonly shares: readonly Share[]
  /** Files below `/boot` inside. `job` is run by the machine's shell when it is up. */
  readonly files: Readonly<Record<string, string | Uint8Array>>
  readonly memoryMiB: number
  /** Descriptors of the host for the machine's console: /dev/tty1 reads and writes, /dev/tty2 writes. */
  readonly console: { readonly input: number; readonly output: number; readonly error: number }
}

export interface UmlKernel {
  readonly program: string
  /** The folder of its modules. */
  readonly modules: string
}

const PROGRAM = '/usr/bin/linux.uml'
const MODULES = '/usr/lib/uml/modules'

export function findUml(): UmlKernel | undefined {
  if (fileType(PROGRAM) !== S.IFREG) return undefined
  const [version] = listFolder(MODULES).sort().reverse()
  return version === undefined ? undefined : { program: PROGRAM, modules: `${MODULES}/${version}` }
}

/** @throws UsageError that names the package */
export function requireUml(purpose: string): UmlKernel {
  const found = findUml()
  if (found) return found
  throw new UsageError(
    `Cannot ${purpose}: there is no kernel to boot; install one: apt-get install user-mode-linux`,
  )
}
