/** Sockets that systemd opened for the container (sd_listen_fds(3)): from file descriptor 3 on, as many as it says. */
import type { Config } from '../oci/runtime-spec.ts'

export function passListeningSockets(
  config: Config,
  environment: NodeJS.ProcessEnv,
): { config: Config; count: number } {
  const count = Number(environment.LISTEN_FDS ?? 0)
  if (!config.process || !Number.isInteger(count) || count < 1) return { config, count: 0 }
  const names = environment.LISTEN_FDNAMES
  const env = [
    ...(config.process.env ?? []),
    `LISTEN_FDS=${count}`,
    ...(names === undefined ? [] : [`LISTEN_FDNAMES=${names}`]),
    // Who is to take them: the program, whose number inside this is.
    'LISTEN_PID=1',
  ]
  return { config: { ...config, process: { ...config.process, env } }, count }
}
