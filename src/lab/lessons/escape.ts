/** mknod(2): a way out through a disk, and the user namespace that closes it. */
import { AT, CLONE, S } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import { makeTree, pivotInto } from '../stage/roots.ts'
import type { Stage } from '../stage.ts'

const SECRET = 'secret-on-the-disk-of-the-host'

/** Makes a device node for the disk, in the container's own root, and reads the disk through it. */
function readDisk({ host, subject, device }: Stage, who: string): string {
  const [major = 0, minor = 0] = host
    .read(`/sys/block/${device().replace('/dev/', '')}/dev`)
    .split(':')
    .map(Number)
  const made = subject(who).attempt('mknodat', [AT.FDCWD, '/disk', S.IFBLK | 0o600, (major << 8) | minor])
  if (made !== 0) return String(made)
  return subject(who).run('/bin/busybox', 'head', '-c', String(SECRET.length), '/disk').output
}

export const escapeThroughDisk: Lesson = {
  name: 'escape',
  group: 'Security',
  summary: 'Out through the disk of the host, until root is nobody outside',
  needs: { root: true, image: true },
  standIn: { flags: CLONE.NEWNS, when: 'always' },
  steps: [
    step({
      claim: 'Root in its own root with its own mounts still reads the disk of the host',
      why: 'A device node is a number: whoever may make one for the disk has all files on it, whatever is mounted. Here the "disk" is a file with a secret, so that nothing is at risk.',
      do: (stage) => {
        const { host, device } = stage
        host.run('sh', '-c', `printf %s ${SECRET} >${device()} && sync`)
        pivotInto(stage.fork('container'), makeTree(stage, 'first'))
      },
      evidence: (stage) => ({
        'read from the disk': { from: 'mknodat(2), read(2)', container: readDisk(stage, 'container') },
      }),
      assert: (seen) => seen['read from the disk'].container === SECRET,
    }),
    step({
      claim: 'The same attempt in a user namespace fails: its root may make no devices',
      why: 'CAP_MKNOD would have to be held in the user namespace of the host. Nothing was forbidden by a list: this root is simply not that root.',
      do: (stage) => {
        const tree = makeTree(stage, 'second')
        stage.host.run('chown', '100000:100000', tree)
        const rootless = stage.fork('rootless')
        rootless.call('unshare', [CLONE.NEWUSER])
        stage.host.write(`/proc/${rootless.pid}/uid_map`, '0 100000 65536')
        stage.host.write(`/proc/${rootless.pid}/gid_map`, '0 100000 65536')
        rootless.call('setresgid', [0, 0, 0])
        rootless.call('setresuid', [0, 0, 0])
        pivotInto(rootless, tree)
      },
      evidence: (stage) => ({
        'read from the disk': { from: 'mknodat(2), read(2)', rootless: readDisk(stage, 'rootless') },
        'user id': { from: 'geteuid(2)', rootless: stage.subject('rootless').call('geteuid', []) },
      }),
      assert: (seen) => seen['read from the disk'].rootless === 'EPERM' && seen['user id'].rootless === 0,
    }),
  ],
  ending:
    'docker and tinyctr leave CAP_MKNOD to root, and stop it with a device filter (eBPF) on the control group. A user namespace needs neither.',
}
