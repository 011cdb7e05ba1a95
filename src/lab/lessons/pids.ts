/** cgroups(7), pids controller: a fork bomb contained. */
import { type Lesson, step } from '../lesson.ts'
import { startIn, statOf } from '../stage/groups.ts'

const LIMIT = 20
/** Doubles itself, but not for ever: should the limit be left out, 255 processes are the end of it. */
const BOMB = 'bomb() { [ "$1" -gt 0 ] && { bomb $(($1 - 1)) & bomb $(($1 - 1)) & }; sleep 3; }; bomb 7'

export const pids: Lesson = {
  name: 'pids',
  group: 'Control groups',
  summary: 'A fork bomb that stays small',
  needs: { root: true, cgroup: true, controllers: ['pids'] },
  steps: [
    step({
      claim: `pids.max lets no more than ${LIMIT} processes be at once, whatever they try`,
      why: 'A fork bomb doubles itself until the host has no process numbers left. In a group with a limit fork(2) fails with EAGAIN, in that group alone. That is --pids-limit.',
      do: ({ host, makeCgroup }) => host.write(`${makeCgroup('lesson')}/pids.max`, String(LIMIT)),
      evidence: ({ host, ownCgroup, until }) => {
        const group = ownCgroup('lesson')
        startIn(host, group, BOMB)
        until(() => statOf(host, `${group}/pids.events`, 'max') > 0)
        return {
          processes: { from: 'pids.current', group: Number(host.read(`${group}/pids.current`)) },
          'forks refused': { from: 'pids.events, max', group: statOf(host, `${group}/pids.events`, 'max') },
        }
      },
      assert: (seen) => seen.processes.group <= LIMIT && seen['forks refused'].group > 0,
    }),
    step({
      claim: 'The host goes on: it can start processes as before',
      why: 'The limit belongs to the group. Nobody else shares it.',
      evidence: ({ host }) => ({
        'exit code of true': { from: 'fork(2), execve(2)', host: host.run('true').code },
      }),
      assert: (seen) => seen['exit code of true'].host === 0,
    }),
    step({
      claim: 'cgroup.kill ends all of them with one write, however fast they double',
      why: 'Killing a fork bomb process by process is a race. The kernel kills a group as one (Linux 5.14).',
      do: ({ host, ownCgroup, until }) => {
        host.write(`${ownCgroup('lesson')}/cgroup.kill`, '1')
        until(() => statOf(host, `${ownCgroup('lesson')}/cgroup.events`, 'populated') === 0)
      },
      evidence: ({ host, ownCgroup }) => ({
        populated: {
          from: 'cgroup.events',
          group: statOf(host, `${ownCgroup('lesson')}/cgroup.events`, 'populated'),
        },
      }),
      assert: ({ populated }) => populated.group === 0,
    }),
  ],
  ending: 'One number in one file is the difference between a bad container and a dead host.',
}
