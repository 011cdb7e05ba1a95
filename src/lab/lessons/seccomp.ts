/** seccomp(2): a program in the kernel that says which system calls a process may make. */
import { AT, CLONE, PR, SECCOMP_SET_MODE_FILTER } from '../../linux/abi/flags.ts'
import { SYSCALLS } from '../../linux/abi/syscalls.ts'
import { architecture } from '../../linux/call.ts'
import { type Lesson, step } from '../lesson.ts'
import { statusField } from '../stage/views.ts'
import type { Stage } from '../stage.ts'

/** Instructions of classic BPF (linux/filter.h): load a word of struct seccomp_data, jump if equal, return. */
const LOAD = 0x20
const JUMP_IF_EQUAL = 0x15
const RETURN = 0x06
const ALLOW = 0x7fff0000
const EPERM = 0x00050000 | 1

/** On x86 there is a mkdir(2) besides mkdirat(2). */
const MKDIR_X64 = 83
const DENIED = architecture === 'x64' ? [SYSCALLS.mkdirat[0], MKDIR_X64] : [SYSCALLS.mkdirat[1]]

/** Refuses some calls with EPERM: load the number of the call, compare it with each, and else allow it. */
function filterAgainst(calls: readonly number[]): Uint8Array {
  const program = [
    [LOAD, 0, 0, 0],
    ...calls.map((call, i) => [JUMP_IF_EQUAL, calls.length - i, 0, call]),
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, EPERM],
  ] as [number, number, number, number][]
  const bytes = new Uint8Array(program.length * 8)
  const view = new DataView(bytes.buffer)
  program.forEach(([code, whenTrue, whenFalse, k], i) => {
    view.setUint16(i * 8, code, true)
    view.setUint8(i * 8 + 2, whenTrue)
    view.setUint8(i * 8 + 3, whenFalse)
    view.setUint32(i * 8 + 4, k, true)
  })
  return bytes
}

const install = ({ subject }: Stage, calls: readonly number[]): void => {
  const filter = filterAgainst(calls)
  subject('container').call('seccomp', [SECCOMP_SET_MODE_FILTER, 0, { len: filter.length / 8, filter }])
}
const makeFolder = ({ subject, folder }: Stage, name: string) =>
  subject('container').attempt('mkdirat', [AT.FDCWD, `${folder}/${name}`, 0o755])

export const seccomp: Lesson = {
  name: 'seccomp',
  group: 'Security',
  summary: 'A filter of system calls, written by hand, and a call it denies',
  standIn: { flags: CLONE.NEWNS, when: 'skipping' },
  steps: [
    step({
      claim: 'Without a filter every call reaches the kernel',
      why: 'There are about 350 system calls, and each is a door into the one kernel that all containers share.',
      do: ({ fork }) => fork('container'),
      evidence: (stage) => ({
        Seccomp: { from: '/proc/self/status', container: statusField(stage.subject('container'), 'Seccomp') },
        'make a folder': { from: 'mkdirat(2)', container: makeFolder(stage, 'first') },
      }),
      assert: (seen) => seen.Seccomp.container === '0' && seen['make a folder'].container === 0,
    }),
    step({
      claim: 'A filter of four or five instructions denies one call, and it fails with EPERM',
      why: 'The kernel runs the filter before each call: load the number, compare, return a verdict. Without CAP_SYS_ADMIN one must promise no_new_privs first, so that no setuid program is fooled.',
      do: (stage) => {
        stage.subject('container').call('prctl', [PR.SET_NO_NEW_PRIVS, 1, 0, 0, 0])
        install(stage, DENIED)
      },
      evidence: (stage) => ({
        Seccomp: {
          from: '/proc/self/status (2: filter)',
          container: statusField(stage.subject('container'), 'Seccomp'),
        },
        'make a folder': { from: 'mkdirat(2)', container: makeFolder(stage, 'second') },
      }),
      assert: (seen) => seen.Seccomp.container === '2' && seen['make a folder'].container === 'EPERM',
    }),
    step({
      claim: 'Programs inherit it, and nobody can take it off',
      why: 'A filter stays across fork and execve. Another one may be added; then the stricter verdict counts.',
      evidence: ({ subject, folder }) => {
        const { code, output } = subject('container').run('mkdir', `${folder}/third`)
        return { mkdir: { from: 'mkdir(1)', container: `exit code ${code}: ${output.split(': ').at(-1)}` } }
      },
      assert: ({ mkdir }) => mkdir.container === 'exit code 1: Operation not permitted',
    }),
    step({
      claim: 'The filter of docker and tinyctr denies new user namespaces: the door to many kernel bugs',
      why: 'unshare(CLONE_NEWUSER) gives anybody all capabilities over new namespaces, and so reach of code that only root should reach. Most container escapes of the last years began there.',
      do: (stage) => install(stage, [SYSCALLS.unshare[architecture === 'x64' ? 0 : 1]]),
      evidence: ({ subject, fork }) => ({
        'new user namespace': {
          from: 'unshare(CLONE_NEWUSER)',
          'without the filter': fork('free', 0, true).attempt('unshare', [CLONE.NEWUSER]),
          container: subject('container').attempt('unshare', [CLONE.NEWUSER]),
        },
      }),
      assert: ({ 'new user namespace': seen }) =>
        seen['without the filter'] === 0 && seen.container === 'EPERM',
    }),
  ],
  ending:
    'The default profile is the same thing with 234 instructions: `tinyctr plan alpine sh | grep -A1 seccomp`.',
}
