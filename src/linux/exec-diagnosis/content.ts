/** Why the kernel does not run a file that is there and may be executed: what its first bytes say (fs/binfmt_*.c). */
import type { Architecture } from '../abi/arch.ts'
import { type Elf, isElf, readElf } from './elf.ts'
import { circular, type Finding, missing, unrunnable } from './finding.ts'
import type { InRoot } from './in-root.ts'

/** The kernel looks at so many bytes of a script (BINPRM_BUF_SIZE). */
const FIRST_BYTES = 256
/** An interpreter may be a script itself, four times over (fs/exec.c, exec_binprm()). */
const DEEPEST = 5

/** e_machine that each architecture runs: its own, and its 32-bit kin where the kernel was built for it. */
const RUNS: Record<Architecture, { own: number; kin: number; name: string }> = {
  x64: { own: 62, kin: 3, name: 'x86-64' },
  arm64: { own: 183, kin: 40, name: 'arm64' },
}

/** Loaders by the C library they come with. */
const LIBRARIES = [
  ['musl', /\/ld-musl-/],
  ['glibc', /\/ld-linux|\/ld64\.so|\/ld\.so\.1$/],
] as const

const FOREIGN: readonly (readonly [magic: readonly number[], what: string])[] = [
  [[0x4d, 0x5a], 'a Windows program'],
  [[0xcf, 0xfa, 0xed, 0xfe], 'a macOS program'],
  [[0xce, 0xfa, 0xed, 0xfe], 'a macOS program'],
  [[0xca, 0xfe, 0xba, 0xbe], 'a macOS program or a Java class'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip or jar archive'],
  [[0x1f, 0x8b], 'compressed with gzip'],
]

export interface Machine {
  readonly files: InRoot
  readonly architecture: Architecture
  /** execve(2) said ENOEXEC. */
  readonly notExecutable: boolean
  /** A path that may start from the working folder, from the root. */
  readonly locate: (path: string) => string
  /** What is wrong with a file before its content counts: not there, not executable. */
  readonly reach: (path: string) => Finding | 'absent' | undefined
}

/** undefined where nothing is wrong with it. */
export function diagnoseContent(path: string, machine: Machine, depth = 0): Finding | undefined {
  const head = machine.files.bytes(path, 0, FIRST_BYTES)
  if (head.length === 0) return unrunnable(path, 'the file is empty', 'put a program there')
  if (isElf(head)) return diagnoseElf(path, machine)
  if (head[0] === 0x23 && head[1] === 0x21) return diagnoseScript(path, head, machine, depth)
  const foreign = FOREIGN.find(([magic]) => magic.every((byte, i) => head[i] === byte))
  if (foreign) return unrunnable(path, `it is ${foreign[1]}`, 'put a program for Linux there')
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf)
    return unrunnable(
      path,
      'it starts with a byte order mark, so the kernel does not see its first line',
      `save it as UTF-8 without BOM: sed -i '1s/^\\xef\\xbb\\xbf//' ${path}`,
    )
  return head.every((byte) => byte >= 0x20 || (byte >= 0x07 && byte <= 0x0d))
    ? unrunnable(
        path,
        'it is a text without a #! line',
        `put #!/bin/sh on its first line, or run: sh ${path}`,
      )
    : unrunnable(path, 'it has no format that this kernel runs', 'put a program for Linux there')
}

function diagnoseScript(
  path: string,
  head: Uint8Array,
  machine: Machine,
  depth: number,
): Finding | undefined {
  const text = new TextDecoder().decode(head)
  const line = text.slice(2).split('\n', 1)[0] as string
  const [interpreter] = /[^ \t\0]+/.exec(line) ?? []
  if (interpreter === undefined || interpreter === '\r')
    return unrunnable(path, 'its #! line names no interpreter', 'write #!/bin/sh on its first line')
  const stripped = interpreter.replace(/\r$/, '')
  if (stripped !== interpreter)
    return missing(
      path,
      `its first line ends with CR LF, so the kernel looks for the interpreter "${stripped}\\r"`,
      `save it with Unix line ends: sed -i 's/\\r$//' ${path}`,
    )
  if (depth >= DEEPEST)
    return circular(
      path,
      'it is one of too many interpreters that are scripts themselves',
      'name a program after #!',
    )
  const file = machine.locate(interpreter)
  const obstacle = machine.reach(file)
  if (obstacle === 'absent')
    return missing(
      path,
      `it starts with #!${interpreter}, and the image has no ${interpreter}`,
      `add ${interpreter} to the image, or ${substitute(interpreter, machine)}`,
    )
  const inner = obstacle ?? diagnoseContent(file, machine, depth + 1)
  if (inner === undefined || depth > 0) return inner
  return { ...inner, means: `"${path}" starts with #!${interpreter}; ${inner.means}` }
}

/** `#!/bin/bash` where there is only a plain shell. */
function substitute(interpreter: string, { files }: Machine): string {
  const shell = /sh$/.test(interpreter) && ['/bin/sh', '/usr/bin/sh'].find((one) => files.entry(one))
  return shell ? `let it start with #!${shell}, which is there` : 'change its first line'
}

function diagnoseElf(path: string, machine: Machine): Finding | undefined {
  const read = (offset: number, length: number): Uint8Array => machine.files.bytes(path, offset, length)
  const elf = readElf(read)
  const { own, kin, name } = RUNS[machine.architecture]
  if (elf.cutShort)
    return unrunnable(path, 'the program is cut short or damaged', 'pull or build the image again')
  if (elf.machine !== own && elf.machine !== kin)
    return unrunnable(
      path,
      `it is built for ${elf.machineName}, this machine is ${name}`,
      `take the image for this machine (--platform linux/${name === 'x86-64' ? 'amd64' : name}), or install qemu-user-static to emulate the other`,
    )
  if (!elf.executable)
    return unrunnable(path, 'it is an object file or a core dump, not a program', 'link it first')
  const loader = elf.loader === undefined ? undefined : diagnoseLoader(path, elf, elf.loader, machine)
  if (loader || elf.machine === own || !machine.notExecutable) return loader
  return unrunnable(
    path,
    `it is built for ${elf.machineName}, and this ${name} kernel runs no 32-bit programs`,
    'build it for 64 bits, or boot a kernel that has CONFIG_COMPAT',
  )
}

function diagnoseLoader(path: string, elf: Elf, loader: string, machine: Machine): Finding | undefined {
  const obstacle = machine.reach(loader)
  if (obstacle === undefined) {
    const itself = readElf((offset, length) => machine.files.bytes(loader, offset, length))
    return itself.machine === elf.machine
      ? undefined
      : unrunnable(path, `its loader ${loader} is not one for ${elf.machineName}`, 'mend the image')
  }
  if (obstacle !== 'absent')
    return { ...obstacle, means: `"${path}" needs the loader ${loader}; ${obstacle.means}` }
  const [wanted] = LIBRARIES.find(([, pattern]) => pattern.test(loader)) ?? []
  const present = LIBRARIES.find(([, pattern]) =>
    loadersIn(machine.files).some((one) => pattern.test(one)),
  )?.[0]
  const built = wanted === undefined ? '' : `: it was built against ${wanted}`
  const image =
    present === undefined
      ? ', and this image has no C library'
      : present === wanted
        ? `, and this image has ${present} for another machine`
        : `, and this image has ${present}`
  return missing(
    path,
    `its loader ${loader} is not in the image${built}${built && image}`,
    elf.bits === 32
      ? 'add the 32-bit C library to the image, or link the program statically'
      : `take an image with ${wanted ?? 'its C library'}, or link the program statically`,
  )
}

const loadersIn = (files: InRoot): string[] =>
  ['/lib', '/lib64', '/usr/lib', '/usr/lib64'].flatMap((folder) =>
    files
      .names(folder)
      .filter((one) => one.startsWith('ld-') || one.startsWith('ld64.'))
      .map((one) => `${folder}/${one}`),
  )
