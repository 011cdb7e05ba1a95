/** namespaces(7): all kinds in one call, as a container has them. */
import { CLONE } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import { namespaceOf } from '../stage/subject.ts'
import { processesIn } from '../stage/views.ts'

/** Of the calls that make a container these come with clone3; a time namespace never does: its maker stays outside. */
const KINDS = {
  user: CLONE.NEWUSER,
  pid: CLONE.NEWPID,
  mnt: CLONE.NEWNS,
  net: CLONE.NEWNET,
  uts: CLONE.NEWUTS,
  ipc: CLONE.NEWIPC,
  cgroup: CLONE.NEWCGROUP,
} as const
const ALL = Object.values(KINDS).reduce((all, flag) => all | flag, 0)

export const namespaces: Lesson = {
  name: 'namespaces',
  group: 'Namespaces',
  summary: 'All of them in one clone3: what a container is made of',
  standIn: { flags: CLONE.NEWNS | CLONE.NEWUTS, when: 'skipping' },
  steps: [
    step({
      claim: 'A process can be born into new namespaces of every kind at once',
      why: 'clone3(2) takes the flags that unshare(2) takes. The process is inside from its first instruction: there is no moment in which it is half a container.',
      do: ({ host, keep }) => keep('made', host.fork('container', ALL).pid),
      evidence: ({ host, subject }) =>
        Object.fromEntries(
          Object.keys(KINDS).map((kind) => [
            kind,
            {
              from: `/proc/self/ns/${kind}`,
              host: namespaceOf(host, kind),
              container: namespaceOf(subject('container'), kind),
            },
          ]),
        ),
      assert: (seen) => Object.values(seen).every(({ host, container }) => host !== container),
    }),
    step({
      claim: 'It is process 1, root, and alone',
      why: 'The map makes it root; a proc of its own shows what it sees.',
      do: ({ host, subject, rootless }) => {
        const container = subject('container')
        if (rootless) host.write(`/proc/${container.pid}/setgroups`, 'deny')
        const [uid, gid] = [host.call('geteuid', []), host.call('getegid', [])]
        host.write(`/proc/${container.pid}/uid_map`, `0 ${uid} 1`)
        host.write(`/proc/${container.pid}/gid_map`, `0 ${gid} 1`)
        container.call('mount', ['proc', '/proc', 'proc', 0, null])
      },
      evidence: ({ host, subject }) => {
        const container = subject('container')
        return {
          'its number': { from: 'getpid(2)', host: container.pid, container: container.call('getpid', []) },
          'user id': { from: 'geteuid(2)', container: container.call('geteuid', []) },
          processes: {
            from: '/proc',
            host: processesIn(host).length,
            container: processesIn(container).join(' '),
          },
        }
      },
      assert: (seen) =>
        seen['its number'].container === 1 &&
        seen['user id'].container === 0 &&
        seen.processes.container === '1',
    }),
    step({
      claim: 'Still one kernel: host and container are told the same release and the same boot',
      why: 'Nothing was booted. The kernel is the one thing that is not in a namespace.',
      evidence: ({ host, subject }) => {
        const both = (path: string) => ({
          from: path,
          host: host.read(path),
          container: subject('container').read(path),
        })
        return { release: both('/proc/sys/kernel/osrelease'), boot: both('/proc/sys/kernel/random/boot_id') }
      },
      assert: ({ release, boot }) => release.host === release.container && boot.host === boot.container,
    }),
  ],
  ending:
    'This is a container but for its files: it still sees those of the host. Next: `tinyctr lab rootfs`, `tinyctr lab layers`.',
}
