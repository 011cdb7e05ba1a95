/** cgroups(7), cgroup.freeze: a container that stands still. */
import { type Lesson, step } from '../lesson.ts'
import { BUSY_LOOP, cpuShare, startIn, statOf } from '../stage/groups.ts'
import type { Stage } from '../stage.ts'

const MILLISECONDS = 300
const look = (stage: Stage) => {
  const group = stage.ownCgroup('lesson')
  return {
    'share of a CPU': { from: 'cpu.stat over 0.3 s', group: cpuShare(stage, group, MILLISECONDS) },
    frozen: { from: 'cgroup.events', group: statOf(stage.host, `${group}/cgroup.events`, 'frozen') },
  }
}
const inGroup = ({ host, ownCgroup }: Stage): number =>
  host
    .read(`${ownCgroup('lesson')}/cgroup.procs`)
    .split('\n')
    .filter((line) => line !== '').length

export const freeze: Lesson = {
  name: 'freeze',
  group: 'Control groups',
  summary: 'A group that is stopped and goes on, as `pause` and `unpause` do it',
  needs: { root: true, cgroup: true },
  steps: [
    step({
      claim: 'A group runs until it is told not to',
      why: 'A loop is started in a group of its own, as a container would be.',
      do: (stage) => startIn(stage.host, stage.makeCgroup('lesson'), BUSY_LOOP),
      evidence: look,
      assert: (seen) => seen['share of a CPU'].group > 0.02 && seen.frozen.group === 0,
    }),
    step({
      claim: 'cgroup.freeze stops every process of it, and none can resist',
      why: 'Unlike SIGSTOP it takes the whole group at once, and the processes cannot see it: `tinyctr pause`.',
      do: ({ host, ownCgroup, pause }) => {
        host.write(`${ownCgroup('lesson')}/cgroup.freeze`, '1')
        pause(100)
      },
      evidence: look,
      assert: (seen) => seen['share of a CPU'].group < 0.01 && seen.frozen.group === 1,
    }),
    step({
      claim: 'Thawed, it goes on where it was',
      why: 'Memory, files and network stayed as they were. The program only sees that the clock has jumped.',
      do: ({ host, ownCgroup }) => host.write(`${ownCgroup('lesson')}/cgroup.freeze`, '0'),
      evidence: look,
      assert: (seen) => seen['share of a CPU'].group > 0.02 && seen.frozen.group === 0,
    }),
    step({
      claim: 'cgroup.kill ends it as a whole',
      why: 'No process number is involved, so none can be mistaken for another that took its number.',
      do: ({ host, ownCgroup, pause }) => {
        host.write(`${ownCgroup('lesson')}/cgroup.kill`, '1')
        pause(100)
      },
      evidence: (stage) => ({ processes: { from: 'cgroup.procs', group: inGroup(stage) } }),
      assert: ({ processes }) => processes.group === 0,
    }),
  ],
  ending: 'Freezing and killing need no controller: every control group has them.',
}
