/** Ports by `80/tcp`, as `docker inspect` has them (nat.PortMap). */
import { Nil } from '../format/go-value.ts'

export interface BoundPort {
  readonly privatePort: number
  readonly protocol: string
  /** Where on the host; absent: nowhere. A port that is still to be chosen is empty, or a range. */
  readonly published?: { readonly address: string; readonly port: number | string }
}

export function portBindings(ports: readonly BoundPort[]): Map<string, unknown> {
  const bindings = new Map<string, unknown>()
  for (const { privatePort, protocol, published } of ports) {
    const name = `${privatePort}/${protocol}`
    if (published === undefined) {
      if (!bindings.has(name)) bindings.set(name, new Nil('list'))
      continue
    }
    const before = bindings.get(name)
    const own = { HostIp: published.address, HostPort: String(published.port) }
    bindings.set(name, Array.isArray(before) ? [...before, own] : [own])
  }
  return bindings
}
