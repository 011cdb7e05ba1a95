/** `linux.cgroupsPath` as systemd's driver reads it: `slice:prefix:name`. */
import { ConfigError } from '../../errors.ts'

export interface UnitName {
  readonly slice: string
  /** `prefix-name.scope` */
  readonly unit: string
}

const AT = '/linux/cgroupsPath'

/** @throws ConfigError with runc's words */
export function parseUnitName(cgroupsPath: string | undefined, id: string, isUser: boolean): UnitName {
  const own = isUser ? 'user.slice' : 'system.slice'
  if (!cgroupsPath) return { slice: own, unit: `tinyctr-${id}.scope` }
  const [slice, prefix, name, ...others] = cgroupsPath.split(':')
  if (slice === undefined || prefix === undefined || !name || others.length > 0)
    throw new ConfigError(
      AT,
      `expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "${cgroupsPath}" instead`,
    )
  if (name.endsWith('.slice')) throw new ConfigError(AT, `expected the name of a scope but found ${name}`)
  return { slice: slice || own, unit: `${prefix}-${name}.scope` }
}

const SUFFIX = '.slice'

/** A slice's name spells its place: test-a-b.slice is /test.slice/test-a.slice/test-a-b.slice (systemd.slice(5)). */
export function slicePath(slice: string): string {
  const parts = slice.slice(0, -SUFFIX.length).split('-')
  if (slice === `-${SUFFIX}`) return ''
  if (!slice.endsWith(SUFFIX) || slice.includes('/') || parts.includes(''))
    throw new ConfigError(AT, `invalid slice name: ${slice}`)
  return parts.map((_, i) => `/${parts.slice(0, i + 1).join('-')}${SUFFIX}`).join('')
}
