/** PR_SET_NO_NEW_PRIVS: programs that make somebody root no longer do. */
import { AT, CLONE, PR } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import { idsOf } from '../stage/root-inside.ts'
import { statusField } from '../stage/views.ts'
import type { Stage } from '../stage.ts'

const NOBODY = 65534

/** The effective user of a program that belongs to root and has the setuid bit. */
function userOfProgram({ host, subject, folder, pause }: Stage): string {
  const container = subject('container')
  const pid = container.start(`${folder}/suid/sleep`, '100')
  pause(50)
  return idsOf(host, pid)[0] ?? '?'
}

const look = (stage: Stage) => ({
  'user of': {
    from: 'Uid in /proc/PID/status',
    container: idsOf(stage.host, stage.subject('container').pid)[0] ?? '?',
    'the program it starts': userOfProgram(stage),
  },
  NoNewPrivs: { from: '/proc/PID/status', container: statusField(stage.subject('container'), 'NoNewPrivs') },
})

export const noNewPrivs: Lesson = {
  name: 'no-new-privs',
  group: 'Security',
  summary: 'One bit, and no setuid program makes anybody root',
  needs: { root: true },
  standIn: { flags: CLONE.NEWNS, when: 'always' },
  steps: [
    step({
      claim: 'A program of root with the setuid bit makes its caller root: that is how su and sudo work',
      why: 'The process is nobody. The program it starts runs as its owner, because mode 4755 says so. An image may hold any number of those.',
      do: ({ host, fork, folder }) => {
        host.call('mkdirat', [AT.FDCWD, `${folder}/suid`, 0o755])
        host.call('mount', ['suid', `${folder}/suid`, 'tmpfs', 0, 'mode=755'])
        host.run(
          'sh',
          '-c',
          `cp "$(command -v sleep)" ${folder}/suid/sleep && chmod 4755 ${folder}/suid/sleep`,
        )
        const container = fork('container')
        container.call('setgroups', [[]])
        container.call('setresgid', [NOBODY, NOBODY, NOBODY])
        container.call('setresuid', [NOBODY, NOBODY, NOBODY])
      },
      evidence: look,
      assert: ({ 'user of': seen }) =>
        seen.container === String(NOBODY) && seen['the program it starts'] === '0',
    }),
    step({
      claim: 'With no_new_privs the same program runs as who started it',
      why: 'One bit that can be set and never cleared, inherited by every child: execve(2) grants nothing any more. That is --security-opt no-new-privileges.',
      do: ({ subject }) => subject('container').call('prctl', [PR.SET_NO_NEW_PRIVS, 1, 0, 0, 0]),
      evidence: look,
      assert: (seen) =>
        seen['user of']['the program it starts'] === String(NOBODY) && seen.NoNewPrivs.container === '1',
    }),
  ],
  ending:
    'A container that does not run as root and cannot become root has little to attack with: --user 65534 --security-opt no-new-privileges.',
}
