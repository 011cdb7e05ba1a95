/** Who is in a cgroup and the cgroups below it (cgroup-v2.rst, "Core Interface Files"). */
import { O } from '../linux/abi/arch.ts'
import { AT } from '../linux/abi/flags.ts'
import { attempt } from '../linux/call.ts'
import { listFolderOf, readTextIfAny } from '../linux/file.ts'

/** Process ids as this pid namespace knows them; those of others are 0 and left out. */
export function processesOf(cgroup: string): number[] {
  const own = (readTextIfAny(`${cgroup}/cgroup.procs`) ?? '')
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0)
  return [...own, ...below(cgroup).flatMap((name) => processesOf(`${cgroup}/${name}`))]
}

function below(cgroup: string): string[] {
  const fd = attempt('openat', [AT.FDCWD, cgroup, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0])
  if (fd < 0) return []
  try {
    return listFolderOf(fd).flatMap(({ name, directory }) => (directory ? [name] : []))
  } finally {
    attempt('close', [fd])
  }
}

/** Whether anybody is in it or below it. */
export const isPopulated = (cgroup: string): boolean =>
  /^populated 1$/m.test(readTextIfAny(`${cgroup}/cgroup.events`) ?? '')

/** All at once, forks included (cgroup.kill, Linux 5.14). @returns whether the kernel could */
export function killCgroup(cgroup: string): boolean {
  const fd = attempt('openat', [AT.FDCWD, `${cgroup}/cgroup.kill`, O.WRONLY | O.CLOEXEC, 0])
  if (fd < 0) return false
  const written = attempt('write', [fd, '1'])
  attempt('close', [fd])
  return written > 0
}
