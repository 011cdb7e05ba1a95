/** cgroups(7), cpu controller: a quota and a weight, measured. */
import { type Lesson, step } from '../lesson.ts'
import { BUSY_LOOP, cpuShare, startIn, statOf } from '../stage/groups.ts'
import type { Stage } from '../stage.ts'

const MILLISECONDS = 700
const QUOTA = '20000 100000'

/** On one CPU all of them: else two loops would not be in each other's way. */
const start = ({ host }: Stage, group: string): void => {
  const process = startIn(host, group, BUSY_LOOP)
  host.call('sched_setaffinity', [process, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0])])
}
const group = ({ ownCgroup }: Stage, name: string): string => ownCgroup(name)

export const cpu: Lesson = {
  name: 'cpu',
  group: 'Control groups',
  summary: 'A share of the CPU: quota and weight, with a busy loop measured',
  needs: { root: true, cgroup: true, controllers: ['cpu'] },
  steps: [
    step({
      claim: 'An endless loop takes all of a CPU that it can get',
      why: 'Nothing limits a process but other processes. The kernel counts its time in cpu.stat of its control group.',
      do: (stage) => start(stage, stage.makeCgroup('first')),
      evidence: (stage) => ({
        'share of a CPU': {
          from: 'cpu.stat, usage_usec over 0.7 s',
          loop: cpuShare(stage, group(stage, 'first'), MILLISECONDS),
        },
      }),
      assert: (seen) => seen['share of a CPU'].loop > 0.25,
    }),
    step({
      claim: 'cpu.max gives it 20 ms in every 100 ms, and not more: that is --cpus 0.2',
      why: 'When the quota of a period is used up, the whole group sleeps until the next period. nr_throttled counts how often.',
      do: (stage) => stage.host.write(`${group(stage, 'first')}/cpu.max`, QUOTA),
      evidence: (stage) => {
        const own = group(stage, 'first')
        return {
          'share of a CPU': {
            from: 'cpu.stat, usage_usec over 0.7 s',
            loop: cpuShare(stage, own, MILLISECONDS),
          },
          'times put to sleep': {
            from: 'cpu.stat, nr_throttled',
            loop: statOf(stage.host, `${own}/cpu.stat`, 'nr_throttled'),
          },
        }
      },
      assert: (seen) => seen['share of a CPU'].loop < 0.35 && seen['times put to sleep'].loop > 0,
    }),
    step({
      claim: 'cpu.weight divides what there is: 300 against 100 gets three times as much',
      why: 'A quota wastes a CPU that nobody else wants; a weight does not. It counts only while others want the same CPU: that is --cpu-shares.',
      do: (stage) => {
        const [light, heavy] = [stage.makeCgroup('light'), stage.makeCgroup('heavy')]
        stage.host.tryWrite(`${group(stage, 'first')}/cgroup.kill`, '1')
        stage.host.write(`${light}/cpu.weight`, '100')
        stage.host.write(`${heavy}/cpu.weight`, '300')
        start(stage, light)
        start(stage, heavy)
      },
      evidence: (stage) => {
        const [light, heavy] = [group(stage, 'light'), group(stage, 'heavy')]
        const used = (path: string): number => statOf(stage.host, `${path}/cpu.stat`, 'usage_usec')
        const before = [used(light), used(heavy)] as const
        stage.pause(2 * MILLISECONDS)
        const milliseconds = (path: string, from: number): number => Math.round((used(path) - from) / 1000)
        return {
          'milliseconds of CPU': {
            from: 'cpu.stat, usage_usec over 1.4 s',
            'weight 100': milliseconds(light, before[0]),
            'weight 300': milliseconds(heavy, before[1]),
          },
        }
      },
      assert: ({ 'milliseconds of CPU': seen }) => seen['weight 300'] > 1.7 * seen['weight 100'],
    }),
  ],
  ending: 'Both are files in /sys/fs/cgroup. A container has them set before its first instruction.',
}
