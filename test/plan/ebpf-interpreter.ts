/** eBPF as the kernel runs it on a struct bpf_cgroup_dev_ctx; knows what device filters of tinyctr contain (RFC 9669). */
export interface DeviceAccess {
  readonly type: number
  readonly access: number
  readonly major: number
  readonly minor: number
}

export function runDeviceFilter(program: Uint8Array, asked: DeviceAccess): number {
  const context = [(asked.access << 16) | asked.type, asked.major, asked.minor]
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength)
  const registers = new Array<number>(11).fill(0)
  /** Register 1 holds the context until it is overwritten. */
  let contextIn1 = true
  for (let at = 0, steps = 0; at < program.length; at += 8, steps++) {
    if (steps > program.length / 8) throw new Error('a jump goes back')
    const code = view.getUint8(at)
    const [dst, src] = [view.getUint8(at + 1) & 15, view.getUint8(at + 1) >> 4]
    const offset = view.getInt16(at + 2, true)
    const immediate = view.getInt32(at + 4, true) >>> 0
    const value = registers[dst]!
    const set = (result: number) => {
      registers[dst] = result >>> 0
      if (dst === 1) contextIn1 = false
    }
    switch (code) {
      case 0x61:
        if (src !== 1 || !contextIn1 || context[offset / 4] === undefined)
          throw new Error(`bad load at ${at}`)
        set(context[offset / 4]!)
        break
      case 0x54:
        set(value & immediate)
        break
      case 0x74:
        set(value >>> immediate)
        break
      case 0xb4:
        set(immediate)
        break
      case 0xbc:
        set(registers[src]!)
        break
      case 0x16:
        if (value === immediate) at += offset * 8
        break
      case 0x56:
        if (value !== immediate) at += offset * 8
        break
      case 0x95:
        return registers[0]!
      default:
        throw new Error(`unknown code 0x${code.toString(16)}`)
    }
  }
  throw new Error('the program runs over its end')
}
