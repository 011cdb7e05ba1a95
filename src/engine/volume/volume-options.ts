/**
 * Options of docker's `local` driver (moby volume/local/local_unix.go): a file system, as mount(8) would mount it. It is
 * mounted in each container that has the volume, and nowhere else.
 */
import { StateError } from '../../errors.ts'
import type { VolumeRequest } from '../config/mount-request.ts'

type Options = Readonly<Record<string, string>>

const known = ['type', 'device', 'o', 'size']
const needs: Options = { device: 'type', type: 'device', o: 'device' }

/** @throws StateError with Docker's words */
export function checkedOptions(volume: string, options: Options = {}): Options {
  const refuse = (what: string): StateError => new StateError(`create ${volume}: ${what}`)
  for (const name of Object.keys(options))
    if (!known.includes(name)) throw refuse(`invalid option: ${JSON.stringify(name)}`)
  for (const [name, other] of Object.entries(needs))
    if (options[name] !== undefined && options[other] === undefined)
      throw refuse(`missing required option: ${JSON.stringify(other)}`)
  if (options.size !== undefined) throw refuse('quota size requested but no quota support')
  return options
}

/** Undefined where the files are the volume's own. */
export function volumeFilesystem({ type, device, o = '' }: Options): VolumeRequest['filesystem'] | undefined {
  if (type === undefined || device === undefined) return undefined
  return { type, device, options: o.split(',').filter(Boolean) }
}
