/** Pressure stall information (Linux 4.20): how long somebody had to wait. */
import { type Lesson, step } from '../lesson.ts'
import { BUSY_LOOP, cpuShare, round, startIn } from '../stage/groups.ts'
import type { Stage } from '../stage.ts'

const MILLISECONDS = 800
const CPU_0 = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0])

const start = ({ host, ownCgroup }: Stage): void => {
  host.call('sched_setaffinity', [startIn(host, ownCgroup('lesson'), BUSY_LOOP), CPU_0])
}
/** The part of the time in which at least one process of the group waited for a CPU. */
function waited({ host, ownCgroup, pause }: Stage): number {
  const total = (): number =>
    Number(/^some .* total=(\d+)/m.exec(host.read(`${ownCgroup('lesson')}/cpu.pressure`))?.[1] ?? 0)
  const [from, begin] = [total(), performance.now()]
  pause(MILLISECONDS)
  return round((total() - from) / 1000 / (performance.now() - begin))
}

export const pressure: Lesson = {
  name: 'pressure',
  group: 'Control groups',
  summary: 'Not how much is used, but how long somebody waited for it',
  needs: {
    root: true,
    cgroup: true,
    kernel: [{ path: '/proc/pressure/cpu', feature: 'pressure stall information (CONFIG_PSI)' }],
  },
  steps: [
    step({
      claim: 'A loop on a CPU uses it; that says nothing about waiting',
      why: '100 % CPU may be a healthy program at work. The question is whether somebody else would have liked to run.',
      do: (stage) => {
        stage.makeCgroup('lesson')
        start(stage)
      },
      evidence: (stage) => ({
        'share of a CPU': {
          from: 'cpu.stat over 0.8 s',
          group: cpuShare(stage, stage.ownCgroup('lesson'), MILLISECONDS),
        },
      }),
      assert: (seen) => seen['share of a CPU'].group > 0.02,
    }),
    step({
      claim: 'Two loops on one CPU: now somebody waits all the time',
      why: '"some" counts the time in which at least one process of the group was ready and had no CPU. Of two on one CPU there always is one.',
      do: start,
      evidence: (stage) => ({
        'share of a CPU': {
          from: 'cpu.stat over 0.8 s',
          group: cpuShare(stage, stage.ownCgroup('lesson'), MILLISECONDS),
        },
        'share of time waited': { from: 'cpu.pressure, some total over 0.8 s', group: waited(stage) },
      }),
      assert: (seen) => seen['share of time waited'].group > 0.85,
    }),
  ],
  ending:
    'memory.pressure and io.pressure tell the same of memory and disks. They say that a host is too small before anything fails.',
}
