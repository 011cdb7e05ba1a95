/** All that `doctor` looks at, in the order in which it matters. */
import { readKernelRelease } from '../../linux/host.ts'
import { examineCgroups } from './cgroup.ts'
import type { Examined, Finding } from './finding.ts'
import { examineKernel } from './kernel.ts'
import { examineNetwork } from './network.ts'
import { examineStorage } from './storage.ts'
import { examineUserNamespaces } from './user-namespaces.ts'

export function examineHost(dataRoot: string): Finding[] {
  const [major = 0, minor = 0] = readKernelRelease()
    .split('.')
    .map((part) => Number.parseInt(part, 10))
  const examined: Examined = { rootless: process.geteuid?.() !== 0, dataRoot, kernel: [major, minor] }
  const examinations = [examineKernel, examineCgroups, examineUserNamespaces, examineStorage, examineNetwork]
  return examinations.flatMap((examine) => examine(examined))
}
