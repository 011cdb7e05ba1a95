/** `--security-opt`: seccomp, no_new_privs, AppArmor, SELinux and the masked paths. */
import { UsageError } from '../../errors.ts'
import { parseBoolean } from './integer.ts'

export type SecurityOption =
  | { name: 'seccomp'; value: 'default' | 'unconfined' | { path: string } }
  | { name: 'no-new-privileges'; value: boolean }
  | { name: 'apparmor'; value: string }
  | { name: 'label'; value: 'disable' }
  | { name: 'systempaths'; value: 'unconfined' }

/** @throws UsageError with Docker's words */
export function parseSecurityOption(text: string): SecurityOption {
  if (text === 'no-new-privileges') return { name: 'no-new-privileges', value: true }
  // Docker still takes the colon of its first versions: `no-new-privileges:true`.
  const [, name, value = ''] = /^([^=:]*)[=:](.*)$/s.exec(text) ?? []
  if (name === undefined || value === '') throw new UsageError(`Invalid --security-opt: "${text}"`)
  switch (name) {
    case 'no-new-privileges':
      return { name, value: parseBoolean(value) }
    case 'seccomp':
      if (value === 'unconfined') return { name, value }
      return { name, value: value === 'builtin' || value === 'default' ? 'default' : { path: value } }
    case 'apparmor':
      return { name, value }
    case 'label':
      if (value === 'disable') return { name, value }
      throw new UsageError(
        `label=${value}: SELinux labels are not in this version of tinyctr, only label=disable`,
      )
    case 'systempaths':
      if (value === 'unconfined') return { name, value }
      throw new UsageError(`systempaths=${value}: the only value is unconfined`)
    default:
      throw new UsageError(`invalid --security-opt 2: "${text}"`)
  }
}
