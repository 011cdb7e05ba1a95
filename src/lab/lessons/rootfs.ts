/** chroot(2) and pivot_root(2): what `/` is. */
import { AT, CLONE } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import { makeTree, pivotInto } from '../stage/roots.ts'
import type { Subject } from '../stage/subject.ts'

const SECRET = 'secret-of-the-host'

const entries = (subject: Subject): string => subject.list('/').join(' ')

/** A root below the folder where one stands: that folder is then outside of `/`, and `..` leads up from there. */
function climbOut(subject: Subject): void {
  subject.attempt('mkdirat', [AT.FDCWD, '/tmp/x', 0o755])
  subject.attempt('chroot', ['/tmp/x'])
  subject.attempt('chdir', ['../../../../../../..'])
  subject.attempt('chroot', ['.'])
}

export const rootfs: Lesson = {
  name: 'rootfs',
  group: 'Files',
  summary: 'chroot and the way out of it; pivot_root and why it holds',
  needs: { image: true },
  standIn: { flags: CLONE.NEWNS, when: 'always' },
  steps: [
    step({
      claim: 'chroot changes where paths begin: the process sees a small tree',
      why: 'Since 1979 a process has a root of its own. Every path that begins with "/" begins there.',
      do: (stage) => {
        stage.host.write(`${stage.folder}/canary`, SECRET)
        const tree = makeTree(stage, 'tree')
        const prisoner = stage.fork('prisoner')
        prisoner.call('chdir', [tree])
        prisoner.call('chroot', [tree])
      },
      evidence: ({ host, subject, folder }) => ({
        '/': { from: 'getdents64(2)', host: host.list('/').length, prisoner: entries(subject('prisoner')) },
        'file of the host': {
          from: `${folder}/canary`,
          host: host.read(`${folder}/canary`),
          prisoner: subject('prisoner').read(`${folder}/canary`),
        },
      }),
      assert: (seen) =>
        seen['/'].prisoner === 'bin proc tmp' && seen['file of the host'].prisoner === 'ENOENT',
    }),
    step({
      claim: 'Root gets out with three calls: chroot was never meant to hold anybody',
      why: 'The host is still mounted behind the small tree. A second chroot moves the root below the folder one stands in, and from outside of the root ".." leads all the way up.',
      do: ({ subject }) => climbOut(subject('prisoner')),
      evidence: ({ host, subject, folder }) => ({
        '/': {
          from: 'getdents64(2)',
          host: host.list('/').length,
          prisoner: subject('prisoner').list('/').length,
        },
        'file of the host': {
          from: `${folder}/canary`,
          prisoner: subject('prisoner').read(`${folder}/canary`),
        },
      }),
      assert: (seen) => seen['file of the host'].prisoner === SECRET && seen['/'].host === seen['/'].prisoner,
    }),
    step({
      claim: 'pivot_root exchanges the root mount itself, and then the old one is unmounted',
      why: 'In a mount namespace of its own the small tree becomes the mount at "/". The host is stacked below it for an instant, and then let go of: there is no mount of it left.',
      do: (stage) => pivotInto(stage.fork('container'), makeTree(stage, 'root'), true),
      evidence: ({ host, subject }) => {
        const mounts = (who: Subject): string => String(who.read('/proc/self/mountinfo').split('\n').length)
        return {
          '/': { from: 'getdents64(2)', container: entries(subject('container')) },
          mounts: {
            from: '/proc/self/mountinfo',
            host: mounts(host),
            container: mounts(subject('container')),
          },
        }
      },
      assert: (seen) => seen['/'].container === 'bin proc tmp' && seen.mounts.container === '2',
    }),
    step({
      claim: 'The same three calls lead nowhere',
      why: '".." at the top of the mount tree is the top. There is nothing above it.',
      evidence: ({ subject, folder }) => {
        const container = subject('container')
        climbOut(container)
        return {
          '/': { from: 'getdents64(2)', container: entries(container) },
          'file of the host': { from: `${folder}/canary`, container: container.read(`${folder}/canary`) },
        }
      },
      assert: (seen) =>
        seen['/'].container === 'bin proc tmp' && seen['file of the host'].container === 'ENOENT',
    }),
  ],
  ending:
    'A container has no way to the files of the host because they are not mounted where it is. Nothing is hidden; it is not there.',
}
