/** cgroup_namespaces(7): where the tree of control groups begins. */
import { CLONE } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import type { Subject } from '../stage/subject.ts'
import { namespaces } from '../stage/views.ts'
import type { Stage } from '../stage.ts'

const place = (onlooker: Subject, pid: number | 'self' = 'self'): string =>
  /^0::(.*)$/m.exec(onlooker.read(`/proc/${pid}/cgroup`))?.[1] ?? '?'

const places = ({ host, subject }: Stage) => {
  const container = subject('container')
  return {
    'its control group': {
      from: '/proc/PID/cgroup',
      host: place(host, container.pid),
      container: place(container),
    },
  }
}

export const cgroupNamespace: Lesson = {
  name: 'cgroup',
  group: 'Namespaces',
  summary: 'The tree of control groups seen from its own branch',
  needs: { root: true, cgroup: true },
  steps: [
    step({
      claim: 'A process in a control group sees its whole path: names of the host, and of its neighbours',
      why: 'The path tells who runs containers here, and which. A container should not know.',
      do: ({ host, fork, makeCgroup }) => {
        const group = makeCgroup('lesson')
        const { pid } = fork('container')
        host.write(`${group}/cgroup.procs`, String(pid))
      },
      evidence: places,
      assert: ({ 'its control group': seen }) =>
        seen.host === seen.container && seen.container.startsWith('/tinyctr-lab-'),
    }),
    step({
      claim: 'unshare(CLONE_NEWCGROUP) makes the group it is in the root of what it sees',
      why: 'The namespace remembers where its maker was. Order matters: first into the group, then into the namespace.',
      do: ({ subject }) => subject('container').call('unshare', [CLONE.NEWCGROUP]),
      evidence: (stage) => ({ ...places(stage), namespace: namespaces(stage, 'cgroup') }),
      assert: ({ 'its control group': seen, namespace }) =>
        seen.container === '/' && seen.host !== '/' && namespace.host !== namespace.container,
    }),
    step({
      claim: 'What lies outside is shown as outside, not hidden',
      why: 'The host itself is not below the root of the container: from there its path begins with "/..".',
      do: ({ fork, keep }) => keep('neighbour', fork('neighbour').pid),
      evidence: ({ subject, host, kept }) => ({
        'group of a neighbour': {
          from: '/proc/PID/cgroup',
          host: place(host, kept('neighbour')),
          container: place(subject('container'), kept('neighbour')),
        },
      }),
      assert: ({ 'group of a neighbour': seen }) => seen.container.startsWith('/..'),
    }),
  ],
  ending:
    'The cgroup namespace hides a path. The limits themselves are the subject of the lessons on control groups.',
}
