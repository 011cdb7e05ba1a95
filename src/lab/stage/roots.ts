/** File trees for containers of lessons, and the two ways to make one the root. */
import { AT, CLONE, MNT, MS } from '../../linux/abi/flags.ts'
import type { Stage } from '../stage.ts'
import type { Subject } from './subject.ts'

/** A tree with a shell and little else, on a tmpfs of its own; its path. */
export function makeTree({ host, folder, image }: Stage, name: string): string {
  const path = `${folder}/${name}`
  host.call('mkdirat', [AT.FDCWD, path, 0o755])
  host.call('mount', ['tree', path, 'tmpfs', 0, null])
  for (const inside of ['bin', 'proc', 'tmp']) host.call('mkdirat', [AT.FDCWD, `${path}/${inside}`, 0o755])
  host.run('cp', `${image}/bin/busybox`, `${path}/bin/busybox`)
  return path
}

/** The tree becomes `/` of a new mount namespace, and the host's tree is let go of. */
export function pivotInto(subject: Subject, tree: string, withProc = false): void {
  subject.call('unshare', [CLONE.NEWNS])
  subject.call('mount', [null, '/', null, MS.REC | MS.PRIVATE, null])
  subject.call('mount', [tree, tree, null, MS.BIND | MS.REC, null])
  // A user namespace that has no process namespace of its own may show the host's, no more.
  if (withProc && subject.attempt('mount', ['proc', `${tree}/proc`, 'proc', 0, null]) !== 0)
    subject.call('mount', ['/proc', `${tree}/proc`, null, MS.BIND | MS.REC, null])
  subject.call('chdir', [tree])
  subject.call('pivot_root', ['.', '.'])
  subject.call('umount2', ['.', MNT.DETACH])
  subject.call('chdir', ['/'])
}
