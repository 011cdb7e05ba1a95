/** pid_namespaces(7): the numbers of processes. */
import { CLONE, MS, P, W } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import { namespaceOf } from '../stage/subject.ts'
import { processesIn, statusField } from '../stage/views.ts'

const SIGTERM = 15
const SIGKILL = 9

export const pid: Lesson = {
  name: 'pid',
  group: 'Namespaces',
  summary: 'Processes counted from 1, and none of the host in sight',
  standIn: { flags: CLONE.NEWNS, when: 'always' },
  steps: [
    step({
      claim: 'unshare(CLONE_NEWPID) moves the children to come, not the caller',
      why: 'A process keeps its number for life. So the caller stays where it is, and only its next child is in the new namespace.',
      do: ({ fork }) => fork('container').call('unshare', [CLONE.NEWPID]),
      evidence: ({ subject }) => {
        const maker = subject('container')
        return {
          'namespace of': {
            from: '/proc/self/ns/pid, pid_for_children',
            itself: namespaceOf(maker, 'pid'),
            children: namespaceOf(maker, 'pid_for_children'),
          },
        }
      },
      // The new one has no number before its first process is there.
      assert: ({ 'namespace of': seen }) => seen.itself !== seen.children,
    }),
    step({
      claim: 'The first child is process 1 inside, and another number outside: one process, two numbers',
      why: 'A process has a number in its own namespace and in each one above. The kernel lists them as NSpid.',
      do: ({ subject }) => subject('container').fork('init'),
      evidence: ({ host, subject }) => {
        const init = subject('init')
        return {
          number: { from: 'getpid(2); /proc of the host', host: init.pid, inside: init.call('getpid', []) },
          NSpid: { from: `/proc/${init.pid}/status`, host: statusField(host, 'NSpid', init.pid) },
        }
      },
      assert: ({ number, NSpid }) => number.inside === 1 && NSpid.host === `${number.host}\t1`,
    }),
    step({
      claim: 'A /proc of its own shows only its own processes',
      why: 'ps(1) and top(1) read /proc. The one that was mounted by the host still shows the host. A proc mounted from inside shows the namespace of who mounted it.',
      do: ({ subject }) => {
        const init = subject('init')
        init.call('unshare', [CLONE.NEWNS])
        init.call('mount', [null, '/', null, MS.REC | MS.PRIVATE, null])
        init.call('mount', ['proc', '/proc', 'proc', 0, null])
      },
      evidence: ({ host, subject }) => ({
        processes: {
          from: '/proc',
          host: processesIn(host).length,
          inside: processesIn(subject('init')).join(' '),
        },
      }),
      assert: ({ processes }) => processes.inside === '1' && processes.host > 1,
    }),
    step({
      claim:
        'Process 1 gets no signal from inside that it does not handle: a container cannot kill its init by mistake',
      why: 'SIGTERM ends any process that does not handle it. From inside, process 1 of a namespace is excepted, as init is on a host. That is why `stop` waits ten seconds for programs that expect SIGTERM to work.',
      do: ({ subject, keep }) => {
        const init = subject('init')
        keep('worker', init.start('sleep', '100'))
        init.attempt('kill', [1, SIGTERM])
      },
      evidence: ({ host, subject, kept }) => ({
        'process 1': {
          from: 'State in /proc/PID/status',
          host: statusField(host, 'State', subject('init').pid),
          'sees its child': processesIn(subject('init')).includes(String(kept('worker'))),
        },
      }),
      assert: ({ 'process 1': seen }) => /^[SR]/.test(seen.host) && seen['sees its child'],
    }),
    step({
      claim: 'When process 1 ends, the kernel ends all the others of its namespace',
      why: 'From outside SIGKILL works. The kernel then kills what is left inside: nothing of a container survives its init.',
      do: ({ host, subject, keep }) => {
        const init = subject('init')
        const children = host.read(`/proc/${init.pid}/task/${init.pid}/children`).trim().split(' ')
        keep('worker outside', Number(children[0]))
        host.call('kill', [init.pid, SIGKILL])
        // Gone from /proc when its parent has been told.
        subject('container').call('waitid', [P.ALL, 0, new Uint8Array(128), W.EXITED | W.__WALL, null])
      },
      evidence: ({ host, subject, kept }) => ({
        'still there': {
          from: '/proc/PID',
          init: host.read(`/proc/${subject('init').pid}/comm`) !== 'ENOENT',
          worker: host.read(`/proc/${kept('worker outside')}/comm`) !== 'ENOENT',
        },
      }),
      assert: ({ 'still there': seen }) => !seen.init && !seen.worker,
    }),
  ],
  ending:
    'A PID namespace is a second set of numbers for processes, with an init that the rest depends on. The host sees every process of every container.',
}
