/** ipc_namespaces(7): System V shared memory, semaphores, queues; POSIX message queues. */
import { CLONE } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import type { Subject } from '../stage/subject.ts'
import { namespaces } from '../stage/views.ts'
import type { Stage } from '../stage.ts'

/** shmget(2), shmctl(2) */
const IPC_CREAT = 0o1000
const IPC_EXCL = 0o2000
const IPC_RMID = 0
const KEY = 0x7c
const BYTES = 4096

const LIST = '/proc/sysvipc/shm'
const segments = (subject: Subject): number =>
  subject
    .read(LIST)
    .split('\n')
    .filter((line) => Number(line.trim().split(/\s+/)[0]) === KEY).length
const both = ({ host, subject }: Stage) => ({
  from: LIST,
  host: segments(host),
  container: segments(subject('container')),
})
const make = (subject: Subject): number | string =>
  subject.attempt('shmget', [KEY, BYTES, IPC_CREAT | IPC_EXCL | 0o600])

export const ipc: Lesson = {
  name: 'ipc',
  group: 'Namespaces',
  summary: 'Shared memory that is not shared with the host',
  standIn: { flags: CLONE.NEWIPC, when: 'always' },
  steps: [
    step({
      claim: 'A segment of shared memory is found by its key, by everybody in the namespace',
      why: 'System V shared memory has no path: a number is its name, and databases still use it. Two programs that choose the same number meet.',
      do: ({ host, fork, keep, atEnd }) => {
        const segment = host.call('shmget', [KEY, BYTES, IPC_CREAT | IPC_EXCL | 0o600])
        keep('segment', segment)
        atEnd(() => host.attempt('shmctl', [segment, IPC_RMID, null]))
        fork('container')
      },
      evidence: (stage) => ({ [`segments with key ${KEY}`]: both(stage) }),
      assert: (seen) => Object.values(seen).every(({ host, container }) => host === 1 && container === 1),
    }),
    step({
      claim: 'unshare(CLONE_NEWIPC) gives it an empty list',
      why: 'Nothing is copied. What the host shares is no longer there for the container.',
      do: ({ subject }) => subject('container').call('unshare', [CLONE.NEWIPC]),
      evidence: (stage) => ({ segments: both(stage), namespace: namespaces(stage, 'ipc') }),
      assert: ({ segments: seen, namespace }) =>
        seen.host === 1 && seen.container === 0 && namespace.host !== namespace.container,
    }),
    step({
      claim: 'The same key is free again: it makes a segment that only the container has',
      why: 'Two copies of one database on one host used to fight over their key. In containers they do not.',
      do: ({ subject, keep }) => keep('result', Number(make(subject('container')))),
      evidence: (stage) => ({
        segments: both(stage),
        'made again': {
          from: 'shmget(2), IPC_EXCL',
          host: make(stage.host),
          container: make(stage.subject('container')),
        },
      }),
      assert: (seen) =>
        seen.segments.container === 1 &&
        seen['made again'].host === 'EEXIST' &&
        seen['made again'].container === 'EEXIST',
    }),
  ],
  ending:
    'An IPC namespace holds what programs share without files. /dev/shm is not part of it: that is a mount, and a matter of the mount namespace.',
}
