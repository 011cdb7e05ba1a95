/** `--cidfile`: the id of a container for scripts. */
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import type { Launch } from '../../engine/launch.ts'
import { StateError, UsageError } from '../../errors.ts'
import { spoilPremises } from '../../linux/premises.ts'

/** @throws StateError with docker's words where there is one already */
export function writeCidfile(path: string, id: string): void {
  spoilPremises()
  try {
    const fd = openSync(path, 'wx', 0o666)
    writeSync(fd, id)
    closeSync(fd)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST')
      throw new StateError(
        `container ID file found, make sure the other container isn't running or delete ${path}`,
      )
    throw new UsageError(`failed to create the container ID file: ${(cause as Error).message}`, { cause })
  }
}

/** A start that is prepared anew, as others took its address, has another id. @throws StateError */
export function launchWithCidfile(path: string, launch: Launch): Launch {
  writeCidfile(path, launch.id.own)
  const { takeNetwork } = launch
  if (!takeNetwork) return launch
  return {
    ...launch,
    takeNetwork: async () => {
      const taken = await takeNetwork()
      if (!taken) unlinkSync(path)
      return taken
    },
  }
}
