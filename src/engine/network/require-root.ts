/** Networks of the host's own devices: only root makes them, or hangs a container on one. */
import { StateError } from '../../errors.ts'
import { call } from '../../linux/call.ts'

/** @param what `the network mine` @throws StateError */
export function requireRoot(what: string): void {
  if (call('geteuid', []) !== 0)
    throw new StateError(
      `${what} needs root: without it there are pasta, slirp4netns, host, none and container:NAME`,
    )
}
