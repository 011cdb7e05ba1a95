/** cgroups(7), memory controller: a limit, and what happens beyond it. */
import { AT, CLONE } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import { runIn, statOf } from '../stage/groups.ts'

const MIB = 2 ** 20
const SIGKILL = 9
/** dd touches a buffer as large as its block. */
const take = (mebibytes: number): string => `exec dd if=/dev/zero of=/dev/null bs=${mebibytes}M count=1`

export const memory: Lesson = {
  name: 'memory',
  group: 'Control groups',
  summary: 'A limit of memory, and a process that the kernel really kills for it',
  needs: { root: true, cgroup: true, controllers: ['memory'] },
  steps: [
    step({
      claim: 'Within its limit a process does not notice it',
      why: 'memory.max is the limit of the group: programs, what they cache of files, what the kernel keeps for them.',
      do: ({ host, makeCgroup }) => {
        const group = makeCgroup('lesson')
        host.write(`${group}/memory.max`, String(64 * MIB))
        host.tryWrite(`${group}/memory.swap.max`, '0')
      },
      evidence: ({ host, ownCgroup }) => {
        const group = ownCgroup('lesson')
        const { code } = runIn(host, group, take(32))
        return {
          limit: { from: 'memory.max', group: host.read(`${group}/memory.max`) },
          'exit code of dd, 32 MiB': { from: 'waitid(2)', group: code },
        }
      },
      assert: (seen) => seen['exit code of dd, 32 MiB'].group === 0 && seen.limit.group === String(64 * MIB),
    }),
    step({
      claim: 'Beyond it the kernel kills: exit code 137, which is 128 + SIGKILL',
      why: 'First the kernel takes back what it can (cached files). When nothing is left it ends a process of the group: the OOM killer, with the group as its world. Nobody outside suffers.',
      do: ({ host, ownCgroup, keep }) => keep('exit code', runIn(host, ownCgroup('lesson'), take(128)).code),
      evidence: ({ host, ownCgroup, kept }) => ({
        'exit code of dd, 128 MiB': { from: 'waitid(2)', group: kept('exit code') },
        'killed for memory': {
          from: 'memory.events, oom_kill',
          group: statOf(host, `${ownCgroup('lesson')}/memory.events`, 'oom_kill'),
        },
      }),
      assert: (seen) =>
        seen['exit code of dd, 128 MiB'].group === 128 + SIGKILL && seen['killed for memory'].group >= 1,
    }),
    step({
      claim: 'A file in a tmpfs is memory too, and stays when its writer has gone',
      why: 'This is how a container with a full /dev/shm or --tmpfs is killed although its programs are small.',
      do: ({ host, folder, ownCgroup }) => {
        host.call('mkdirat', [AT.FDCWD, `${folder}/tmpfs`, 0o755])
        host.call('mount', ['tmpfs', `${folder}/tmpfs`, 'tmpfs', 0, null])
        runIn(host, ownCgroup('lesson'), `exec dd if=/dev/zero of=${folder}/tmpfs/file bs=1M count=24`)
      },
      evidence: ({ host, ownCgroup }) => ({
        'MiB in tmpfs': {
          from: 'memory.stat, shmem',
          group: Math.round(statOf(host, `${ownCgroup('lesson')}/memory.stat`, 'shmem') / MIB),
        },
        processes: {
          from: 'cgroup.procs',
          group: host.read(`${ownCgroup('lesson')}/cgroup.procs`) || 'none',
        },
      }),
      assert: (seen) => seen['MiB in tmpfs'].group >= 20 && seen.processes.group === 'none',
    }),
  ],
  standIn: { flags: CLONE.NEWNS, when: 'always' },
  ending: 'docker and tinyctr say "137" and hide the reason. memory.events of the group says it: oom_kill.',
}
