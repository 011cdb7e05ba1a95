/** Classic BPF as the kernel runs it on struct seccomp_data; knows what filters of tinyctr and libseccomp contain. */
export interface SeccompData {
  readonly number: number
  readonly audit: number
  readonly bigEndian: boolean
  readonly args: readonly bigint[]
}

export function runFilter(program: Uint8Array, { number, audit, bigEndian, args }: SeccompData): number {
  const data = new DataView(new ArrayBuffer(64))
  data.setUint32(0, number >>> 0, true)
  data.setUint32(4, audit, true)
  for (const [index, value] of args.entries()) data.setBigUint64(16 + 8 * index, value, !bigEndian)
  // A load is in the machine's byte order, whatever the order of the two halves of an argument.
  const load = (offset: number) => data.getUint32(offset, offset < 16 || !bigEndian)

  const view = new DataView(program.buffer, program.byteOffset, program.byteLength)
  let accumulator = 0
  for (let at = 0; at < program.length; at += 8) {
    const code = view.getUint16(at, true)
    const operand = view.getUint32(at + 4, true)
    const jump = (condition: boolean) => {
      at += 8 * view.getUint8(at + (condition ? 2 : 3))
    }
    switch (code) {
      case 0x20:
        if (operand % 4 !== 0 || operand > 60) throw new Error(`load outside seccomp_data: ${operand}`)
        accumulator = load(operand)
        break
      case 0x05:
        at += 8 * operand
        break
      case 0x15:
        jump(accumulator === operand)
        break
      case 0x25:
        jump(accumulator > operand)
        break
      case 0x35:
        jump(accumulator >= operand)
        break
      case 0x45:
        jump((accumulator & operand) !== 0)
        break
      case 0x54:
        accumulator = (accumulator & operand) >>> 0
        break
      case 0x06:
        return operand
      default:
        throw new Error(`instruction ${at / 8}: unknown code ${code}`)
    }
  }
  throw new Error('ran past the end of the filter')
}
