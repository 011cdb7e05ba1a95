/** The plan in chapters, by where its steps come from. A step belongs to the first that takes it. */
import type { PlannedStep } from './variants.ts'

export interface Chapter {
  readonly claim: string
  readonly why: string
  /** How many of its steps a program inside must miss when they are left out. */
  readonly least: number
  readonly takes: (step: PlannedStep) => boolean
}

const from =
  (...starts: readonly string[]) =>
  ({ at, half }: PlannedStep): boolean =>
    half === 'container' && starts.some((start) => String(at ?? '').startsWith(start))

export const CHAPTERS: readonly Chapter[] = [
  {
    claim: 'Before the clone: a folder for its state, a writable layer, a control group',
    why: 'Made by the parent, on the host. It is all that there is to clean up.',
    least: 1,
    takes: ({ half }) => half === 'host',
  },
  {
    claim: 'Mounts: /proc, /dev, /sys, and the files of /etc',
    why: 'Each is built detached, and attached last: the container never sees it half-made.',
    least: 15,
    takes: from('/mounts'),
  },
  {
    claim: 'Devices, the host name, the loopback, kernel parameters',
    why: 'What programs expect of a Linux system.',
    least: 5,
    takes: from('/linux/devices', '/hostname', '/linux/sysctl', '/linux/namespaces'),
  },
  {
    claim: 'The root: layers become one tree, and that becomes /',
    why: 'An overlay, pivot_root, and letting go of the host.',
    least: 3,
    takes: from('/root', '/linux/rootfsPropagation'),
  },
  {
    claim: 'Masked and read-only paths: the parts of /proc and /sys that are in no namespace',
    why: 'Covered with the null device of the host and an empty folder.',
    least: 2,
    takes: from('/linux/maskedPaths', '/linux/readonlyPaths'),
  },
  {
    claim: 'Capabilities, the user, the seccomp filter: what the process may do',
    why: 'As late as possible: the steps before need the rights that go here.',
    least: 3,
    takes: from('/process/capabilities', '/process/user', '/linux/seccomp'),
  },
  {
    claim: 'The last steps before the program takes over',
    why: 'What is open is closed, the folder is entered, and execve replaces the code that did all this.',
    least: 2,
    takes: ({ half }) => half === 'container',
  },
  {
    claim: 'Clean-up: what is on the host goes when the container goes',
    why: 'These steps come last, and run even when one of the others fails.',
    least: 3,
    takes: ({ half }) => half === 'cleanup',
  },
]
