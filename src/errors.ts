/**
 * The ways tinyctr fails. Grammar of every message: `Cannot <verb> <object>: <fact>`.
 * KernelError lives in linux/kernel-error.ts, beside what it decodes.
 */

/** A command line that means nothing: the user's to mend. Printed with the command's usage line. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** A config.json, image config or plan input that is not valid, at a JSON pointer (RFC 6901). */
export class ConfigError extends Error {
  override name = 'ConfigError'
  /** Where: `/linux/seccomp/syscalls/0/action`, or a flag: `--cap-add`. */
  readonly at: string

  constructor(at: string, fact: string, options?: ErrorOptions) {
    super(fact, options)
    this.at = at
  }
}

/** A registry, an image reference or the bytes that came from one. `fact` says what to do where that helps. */
export class RegistryError extends Error {
  override name = 'RegistryError'
}

/** What was asked for does not fit what there is: no such container, a name that is taken. In docker's words. */
export class StateError extends Error {
  override name = 'StateError'
}
