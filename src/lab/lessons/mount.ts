/** mount_namespaces(7): which filesystems are where. */
import { AT, CLONE, MS } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import { namespaces } from '../stage/views.ts'
import type { Stage } from '../stage.ts'

const mountsBelow = ({ host, subject, folder }: Stage) => {
  const count = (text: string): number =>
    text.split('\n').filter((line) => line.split(' ')[4]?.startsWith(`${folder}/`)).length
  return {
    from: '/proc/self/mountinfo',
    host: count(host.read('/proc/self/mountinfo')),
    container: count(subject('container').read('/proc/self/mountinfo')),
  }
}
const filesIn = ({ host, subject, folder }: Stage, name: string) => ({
  from: `${folder}/${name}`,
  host: host.list(`${folder}/${name}`).join(' ') || '(empty)',
  container: subject('container').list(`${folder}/${name}`).join(' ') || '(empty)',
})

const mountTmpfs = ({ subject, folder }: Stage, name: string): void => {
  const container = subject('container')
  container.call('mount', ['tmpfs', `${folder}/${name}`, 'tmpfs', 0, null])
  container.write(`${folder}/${name}/note`, 'written in the container\n')
}

export const mount: Lesson = {
  name: 'mount',
  group: 'Namespaces',
  summary: 'A list of mounts of its own: the file tree a container sees',
  standIn: { flags: CLONE.NEWNS, when: 'always' },
  steps: [
    step({
      claim: 'unshare(CLONE_NEWNS) copies the whole list of mounts',
      why: 'The oldest namespace (2002; its flag is just called "new namespace"). The container starts with everything the host has mounted.',
      do: ({ host, fork, folder }) => {
        for (const name of ['first', 'second']) host.call('mkdirat', [AT.FDCWD, `${folder}/${name}`, 0o755])
        // As systemd has it on most hosts: mounts are shared until somebody says otherwise.
        host.call('mount', [folder, folder, null, MS.BIND, null])
        host.call('mount', [null, folder, null, MS.SHARED, null])
        fork('container').call('unshare', [CLONE.NEWNS])
      },
      evidence: (stage) => ({
        namespace: namespaces(stage, 'mnt'),
        'mounts at /': {
          from: '/proc/self/mountinfo',
          host: stage.host.read('/proc/self/mountinfo').split('\n').length,
          container: stage.subject('container').read('/proc/self/mountinfo').split('\n').length,
        },
      }),
      assert: (seen) =>
        seen.namespace.host !== seen.namespace.container &&
        seen['mounts at /'].host === seen['mounts at /'].container,
    }),
    step({
      claim:
        'A copy alone isolates nothing where mounts are shared: what the container mounts, the host gets too',
      why: 'Mounts have a propagation type. "shared" means that copies tell each other of new mounts, which is how a USB stick appears everywhere.',
      do: (stage) => mountTmpfs(stage, 'first'),
      evidence: (stage) => ({ files: filesIn(stage, 'first'), mounts: mountsBelow(stage) }),
      assert: ({ files, mounts }) => files.host === 'note' && files.container === 'note' && mounts.host === 1,
    }),
    step({
      claim: 'Made private, the copy keeps to itself',
      why: 'MS_REC|MS_PRIVATE on / cuts the ties of every mount below. It is one of the first calls of every container plan.',
      do: (stage) => {
        stage.subject('container').call('mount', [null, '/', null, MS.REC | MS.PRIVATE, null])
      },
      evidence: (stage) => {
        mountTmpfs(stage, 'second')
        return { files: filesIn(stage, 'second'), mounts: mountsBelow(stage) }
      },
      assert: ({ files, mounts }) =>
        files.host === '(empty)' && files.container === 'note' && mounts.container === mounts.host + 1,
    }),
    step({
      claim: 'What is mounted stays when the path goes out of sight: a mount covers, it does not delete',
      why: 'Files below a mount point are hidden, not gone. The host writes below the tmpfs of the container, and neither sees the other.',
      do: ({ host, folder }) => host.write(`${folder}/second/host`, 'written by the host\n'),
      evidence: (stage) => ({ files: filesIn(stage, 'second') }),
      assert: ({ files }) => files.host === 'host' && files.container === 'note',
    }),
  ],
  ending:
    'With a list of mounts of its own a container can have any file tree: `tinyctr lab layers` builds one.',
}
