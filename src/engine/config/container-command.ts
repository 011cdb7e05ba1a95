/** What runs in a container and where: the image's words and the user's, merged as Docker merges them. */
import { ConfigError } from '../../errors.ts'
import { signalNumber } from '../../linux/abi/signal.ts'
import type { ExecutionParameters } from '../../oci/image-spec.ts'
import type { RunOptions } from '../run-options.ts'
import { cleanPath } from './container-path.ts'

/**
 * Entrypoint and command. An entrypoint of the user's takes the image's Cmd away with the image's Entrypoint.
 * @throws ConfigError when there is nothing to run
 */
export function containerArguments(
  image: ExecutionParameters,
  { entrypoint, command }: RunOptions,
): string[] {
  const { Entrypoint, Cmd } = image
  const args =
    entrypoint === undefined
      ? [...(Entrypoint ?? []), ...(command.length > 0 ? command : (Cmd ?? []))]
      : [...(entrypoint === '' ? [] : [entrypoint]), ...command]
  if (args.length === 0 || (args.length === 1 && args[0] === '')) {
    throw new ConfigError('/config/Cmd', 'no command specified')
  }
  return args
}

export function containerFolder(image: ExecutionParameters, { workdir }: RunOptions): string {
  return cleanPath(workdir ?? image.WorkingDir ?? '/')
}

/** The name of the signal that asks the container to end, if anybody chose one. */
export function stopSignal(image: ExecutionParameters, options: RunOptions): string | undefined {
  const chosen = options.stopSignal ?? image.StopSignal
  if (chosen === undefined || chosen === '') return undefined
  if (signalNumber(chosen) === undefined)
    throw new ConfigError('/config/StopSignal', `invalid signal: ${chosen}`)
  return chosen
}

/** C strings end at their first NUL: what follows would be lost without a word (CVE-2022-0811's class). */
export function refuseNul(at: string, texts: readonly string[]): void {
  const index = texts.findIndex((text) => text.includes('\0'))
  if (index >= 0) throw new ConfigError(`${at}/${index}`, 'expected text without a NUL byte')
}
