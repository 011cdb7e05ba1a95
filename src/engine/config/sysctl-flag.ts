/** `--sysctl NAME=VALUE`: only those that belong to a namespace (docker/cli opts/opts.go, ValidateSysctl). */
import { UsageError } from '../../errors.ts'

const ipc = new Set(
  'kernel.msgmax kernel.msgmnb kernel.msgmni kernel.sem kernel.shmall kernel.shmmax kernel.shmmni kernel.shm_rmid_forced'.split(
    ' ',
  ),
)

export const isIpcSysctl = (name: string): boolean => ipc.has(name) || name.startsWith('fs.mqueue.')
export const isNetworkSysctl = (name: string): boolean => name.startsWith('net.')

/** @throws UsageError with Docker's words */
export function parseSysctl(text: string): [name: string, value: string] {
  const at = text.indexOf('=')
  // `net/ipv4/ip_forward` is the same name in sysctl(8).
  const name = (at < 0 ? text : text.slice(0, at)).replaceAll('/', '.')
  const named = at > 0 && (isIpcSysctl(name) || isNetworkSysctl(name)) && !name.split('.').includes('')
  if (!named) throw new UsageError(`sysctl '${text}' is not allowed`)
  return [name, text.slice(at + 1)]
}
