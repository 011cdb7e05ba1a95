/** The mounts of proc and sysfs that show all that these filesystems have (proc_pid_mountinfo(5)), outside a root. */
import { readText } from '../linux/file.ts'

const FIELDS = { root: 3, path: 4 }

export function wholeMounts(rootfs: string): string[] {
  const found = readText('/proc/self/mountinfo')
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => ['proc', 'sysfs'].includes(fields[fields.indexOf('-') + 1] ?? ''))
    .filter((fields) => fields[FIELDS.root] === '/')
    .map((fields) => unescaped(fields[FIELDS.path] as string))
    .filter((path) => path !== rootfs && !path.startsWith(`${rootfs}/`))
  // What lies below another goes with it.
  return found.filter((path) => !found.some((other) => path.startsWith(`${other}/`)))
}

const unescaped = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
