/** What an ELF file says of itself (elf(5)): for which machine it is, and which loader it needs. */

/** e_machine by number, as people name it. */
const MACHINES: Readonly<Record<number, string>> = {
  2: 'sparc',
  3: 'x86 (32-bit)',
  4: 'm68k',
  8: 'mips',
  20: 'powerpc (32-bit)',
  21: 'powerpc (64-bit)',
  22: 's390x',
  40: 'arm (32-bit)',
  42: 'sh',
  43: 'sparc64',
  50: 'ia64',
  62: 'x86-64',
  183: 'arm64',
  243: 'riscv',
  258: 'loongarch',
}

const PT_INTERP = 3
const LONGEST_INTERPRETER = 4096

export interface Elf {
  readonly machine: number
  /** `x86-64`; `machine 4711` where nobody named it. */
  readonly machineName: string
  readonly bits: 32 | 64
  /** ET_EXEC or ET_DYN: something that can run. */
  readonly executable: boolean
  /** The dynamic loader it asks for. */
  readonly loader: string | undefined
  /** Headers point past the end of the file. */
  readonly cutShort: boolean
}

export const isElf = (head: Uint8Array): boolean =>
  head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46

/** @param read up to `length` bytes at `offset` */
export function readElf(read: (offset: number, length: number) => Uint8Array): Elf {
  const header = read(0, 64)
  const bits = header[4] === 1 ? 32 : 64
  if (header.length < (bits === 32 ? 52 : 64)) {
    return { machine: 0, machineName: '', bits, executable: false, loader: undefined, cutShort: true }
  }
  const little = header[5] !== 2
  const view = viewOf(header)
  const machine = view.getUint16(18, little)
  const [tableAt, entrySize, entries] =
    bits === 32
      ? [view.getUint32(28, little), view.getUint16(42, little), view.getUint16(44, little)]
      : [Number(view.getBigUint64(32, little)), view.getUint16(54, little), view.getUint16(56, little)]
  const table = read(tableAt, entrySize * entries)
  return {
    machine,
    machineName: MACHINES[machine] ?? `machine ${machine}`,
    bits,
    executable: [2, 3].includes(view.getUint16(16, little)),
    loader: loaderOf(table, entrySize, bits, little, read),
    cutShort: entries === 0 || table.length < entrySize * entries,
  }
}

function loaderOf(
  table: Uint8Array,
  entrySize: number,
  bits: 32 | 64,
  little: boolean,
  read: (offset: number, length: number) => Uint8Array,
): string | undefined {
  const view = viewOf(table)
  for (let at = 0; entrySize >= 32 && at + entrySize <= table.length; at += entrySize) {
    if (view.getUint32(at, little) !== PT_INTERP) continue
    const [offset, size] =
      bits === 32
        ? [view.getUint32(at + 4, little), view.getUint32(at + 16, little)]
        : [Number(view.getBigUint64(at + 8, little)), Number(view.getBigUint64(at + 32, little))]
    const text = new TextDecoder().decode(read(offset, Math.min(size, LONGEST_INTERPRETER)))
    return text.split('\0', 1)[0]
  }
  return undefined
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
