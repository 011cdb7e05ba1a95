/** time_namespaces(7), Linux 5.6: the clocks that count from the boot. */
import { CLONE } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import { namespaceOf, type Subject } from '../stage/subject.ts'

const DAYS = 10
const SECONDS = DAYS * 24 * 3600

const uptime = (subject: Subject): number => Math.floor(Number(subject.read('/proc/uptime').split(' ')[0]))
const wallClock = (subject: Subject): number => Number(subject.run('date', '+%s').output)
const day = (seconds: number): number => Math.floor(seconds / 86_400)

export const time: Lesson = {
  name: 'time',
  group: 'Namespaces',
  summary: 'An uptime of its own',
  needs: { kernel: [{ path: '/proc/self/ns/time', feature: 'time namespaces' }] },
  steps: [
    step({
      claim: 'unshare(CLONE_NEWTIME) is for the children to come, like that for processes',
      why: 'A clock must not jump under a running program. So the offsets are written before anybody is inside.',
      do: ({ fork }) => fork('container').call('unshare', [CLONE.NEWTIME]),
      evidence: ({ subject }) => {
        const maker = subject('container')
        return {
          'namespace of': {
            from: '/proc/self/ns/time, time_for_children',
            itself: namespaceOf(maker, 'time'),
            children: namespaceOf(maker, 'time_for_children'),
          },
        }
      },
      assert: ({ 'namespace of': seen }) => seen.itself !== seen.children,
    }),
    step({
      claim: `A child in it has been up for ${DAYS} days more than the host`,
      why: 'The offsets stand in /proc/self/timens_offsets until the first process enters. A container that is moved to another host keeps its uptime this way.',
      do: ({ subject }) => {
        const container = subject('container')
        container.tryWrite('/proc/self/timens_offsets', `boottime ${SECONDS} 0`)
        container.fork('child')
      },
      evidence: ({ host, subject }) => ({
        'seconds since boot': { from: '/proc/uptime', host: uptime(host), child: uptime(subject('child')) },
      }),
      assert: ({ 'seconds since boot': seen }) => Math.abs(seen.child - seen.host - SECONDS) < 60,
    }),
    step({
      claim: 'The date is the same for all: there is one wall clock in a kernel',
      why: 'Only the clocks that count from the boot (CLOCK_MONOTONIC, CLOCK_BOOTTIME) have offsets. A container cannot live in another year; a virtual machine can.',
      evidence: ({ host, subject }) => ({
        'days since 1970': {
          from: 'date(1)',
          host: day(wallClock(host)),
          child: day(wallClock(subject('child'))),
        },
      }),
      assert: ({ 'days since 1970': seen }) => Math.abs(seen.host - seen.child) <= 1 && seen.child > 0,
    }),
  ],
  ending: 'The youngest namespace. Docker makes none; the OCI runtime specification knows it.',
}
