/** Seccomp profiles in Docker's format for this machine: its own default, or one the user names. */
import type { Seccomp } from '../../oci/runtime-spec.ts'
import defaultProfile from './default-seccomp.json' with { type: 'json' }
import { resolveSeccompProfile } from './seccomp-profile.ts'

const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'amd64'

export const resolveSeccomp =
  (kernelRelease: string) =>
  (profile: unknown, capabilities: readonly string[]): Seccomp =>
    resolveSeccompProfile(profile === 'default' ? defaultProfile : profile, {
      capabilities,
      architecture: ARCHITECTURE,
      kernelRelease,
    })
