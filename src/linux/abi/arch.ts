/** The machine types tinyctr runs on and the few constants on which they differ. */

export type Architecture = 'x64' | 'arm64'

/** open(2). arm64 keeps the values of 32-bit ARM for four of them. */
const OPEN = {
  RDONLY: 0,
  WRONLY: 0o1,
  RDWR: 0o2,
  CREAT: 0o100,
  EXCL: 0o200,
  NOCTTY: 0o400,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  CLOEXEC: 0o2000000,
  PATH: 0o10000000,
} as const

const OPEN_DIFFERENT = {
  x64: { DIRECTORY: 0o200000, NOFOLLOW: 0o400000 },
  arm64: { DIRECTORY: 0o40000, NOFOLLOW: 0o100000 },
} as const

export const openFlags = (architecture: Architecture) => ({ ...OPEN, ...OPEN_DIFFERENT[architecture] })

/**
 * The flags of open(2) in builders are x86-64's; `encode` and `call` turn them into the target's. So a plan compiled
 * on one machine prints the same on another.
 */
export const O = openFlags('x64')

/** Flags of {@link O} as `architecture` spells them. */
export function translateOpenFlags(flags: number, architecture: Architecture): number {
  if (architecture === 'x64') return flags
  const different = OPEN_DIFFERENT.x64.DIRECTORY | OPEN_DIFFERENT.x64.NOFOLLOW
  const target = OPEN_DIFFERENT[architecture]
  return (
    (flags & ~different) |
    (flags & OPEN_DIFFERENT.x64.DIRECTORY ? target.DIRECTORY : 0) |
    (flags & OPEN_DIFFERENT.x64.NOFOLLOW ? target.NOFOLLOW : 0)
  )
}
