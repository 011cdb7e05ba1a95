/** uts_namespaces(7): the host name. */
import { CLONE } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import { namespaceOf } from '../stage/subject.ts'
import type { Stage } from '../stage.ts'

const FILE = '/proc/sys/kernel/hostname'
const NAME = 'classroom'

const names = ({ host, subject }: Stage) => ({
  'host name': { from: FILE, host: host.read(FILE), container: subject('container').read(FILE) },
  namespace: {
    from: '/proc/self/ns/uts',
    host: namespaceOf(host, 'uts'),
    container: namespaceOf(subject('container'), 'uts'),
  },
})

export const uts: Lesson = {
  name: 'uts',
  group: 'Namespaces',
  summary: 'A host name of its own',
  standIn: { flags: CLONE.NEWUTS, when: 'skipping' },
  steps: [
    step({
      claim: 'A new process shares the namespaces of its parent',
      why: 'Every process is in one namespace of each kind. A child starts in those of its parent: nothing is isolated.',
      do: ({ fork }) => fork('container'),
      evidence: names,
      assert: (seen) => seen['host name'].host === seen['host name'].container,
    }),
    step({
      claim: 'unshare(CLONE_NEWUTS) gives it a namespace of its own, which starts as a copy',
      why: 'The number of the namespace changes, and nothing else: the new one begins with the name of the old one.',
      do: ({ subject }) => subject('container').call('unshare', [CLONE.NEWUTS]),
      evidence: names,
      assert: (seen) =>
        seen.namespace.host !== seen.namespace.container &&
        seen['host name'].host === seen['host name'].container,
    }),
    step({
      claim: 'From now on it may have another name than the host',
      why: 'sethostname(2) changes the name in the namespace of the caller. That is what `tinyctr run --hostname` does.',
      do: ({ subject }) => subject('container').call('sethostname', [NAME]),
      evidence: names,
      assert: (seen) => seen['host name'].container === NAME && seen['host name'].host !== NAME,
    }),
    step({
      claim: 'setns joins a namespace that is already there: a visitor sees the name of the container',
      why: 'A pidfd stands for a process, and setns(2) enters the namespaces of that process. `tinyctr exec` does this.',
      do: ({ join }) => join('visitor', 'container', CLONE.NEWUTS),
      evidence: ({ host, subject }) => ({
        'host name': {
          from: FILE,
          host: host.read(FILE),
          container: subject('container').read(FILE),
          visitor: subject('visitor').read(FILE),
        },
      }),
      assert: ({ 'host name': seen }) =>
        seen.visitor === NAME && seen.container === NAME && seen.host !== NAME,
    }),
  ],
  ending:
    'A UTS namespace is one name in the kernel. Every other namespace works like this one, around something larger.',
}
