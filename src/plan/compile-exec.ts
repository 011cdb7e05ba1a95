/**
 * Another program in a running container, as the list of system calls that starts it. Nothing is made: its namespaces
 * and its cgroup are entered. The end is that of every plan (program.ts).
 */
import { O } from '../linux/abi/arch.ts'
import { AT, CLONE, F, PR } from '../linux/abi/flags.ts'
import type { NamespaceType } from '../oci/runtime-spec.ts'
import { CGROUP } from './cgroup.ts'
import { pipeSteps, type Stream } from './detached.ts'
import { withoutMknod } from './device-filter.ts'
import { awaitRdtSteps, joinRdtGroupSteps } from './intel-rdt.ts'
import { checkLabels, keyLabelSteps, openProcSteps } from './labels.ts'
import { CLONE_FLAG } from './namespaces.ts'
import { keyringStep, oomScoreSteps, signalSteps } from './process.ts'
import { type ProgramInput, programSteps } from './program.ts'
import { finalAffinitySteps, initialAffinitySteps } from './scheduling.ts'
import { connectAgentSteps, handOverSteps, type ListenerState } from './seccomp/listener.ts'
import { barrier, call, PID, type Plan, type Step, slot } from './step.ts'
import { connectSteps, openTerminalInsideSteps, type TerminalInput } from './terminal.ts'

export interface ExecPlanInput extends ProgramInput, TerminalInput {
  /** A descriptor of the container's process (pidfd_open(2)), open when the plan begins. */
  readonly pidfd: number
  /** Where the container's namespaces are not ours. */
  readonly namespaces: readonly NamespaceType[]
  /** The folder of its cgroup. */
  readonly cgroup?: string
  /** Standard streams that are pipes to a monitor. */
  readonly pipes?: readonly Stream[]
  /** What the agent of a seccomp profile is told. */
  readonly listenerState?: ListenerState
  /** Steps of the host when the program runs. */
  readonly finish?: readonly Step[]
}

const CONTAINER = slot('container')
const SIGCHLD = 17
/** Out of the way of file descriptors that the program keeps. */
const LOWEST_OWN_FD = 64
const EXECVE = 0

export function compileExec(given: ExecPlanInput): Plan {
  const input = { ...given, config: withoutMknod(given.config, given.host) }
  const { cgroup, config, consoleSocket, finish = [], namespaces, pidfd } = input
  checkLabels(config, input.host)
  const joinsPids = namespaces.includes('pid')
  return {
    host: [
      call('fcntl', [pidfd, F.DUPFD_CLOEXEC, LOWEST_OWN_FD], {
        into: CONTAINER,
        why: 'the container, by a descriptor that cannot come to mean another process',
      }),
      ...initialAffinitySteps(config),
      ...connectSteps(config.process?.terminal ? consoleSocket : undefined),
      ...(cgroup === undefined ? [] : [openCgroupStep(cgroup)]),
      ...connectAgentSteps(config),
      cloneStep(cgroup !== undefined),
      ...joinRdtGroupSteps(config, input.host, input.listenerState?.state.id),
      ...handOverSteps(config, input.listenerState),
      ...(finish.length === 0
        ? []
        : [barrier(EXECVE, 'wait', 'execve closes its end: it has become its program'), ...finish]),
    ],
    container: [
      ...signalSteps(),
      ...pipeSteps(input.pipes ?? []),
      ...finalAffinitySteps(config),
      ...oomScoreSteps(config),
      ...openProcSteps(config),
      call('prctl', [PR.SET_DUMPABLE, 0, 0, 0, 0], {
        why: 'nobody in the container may trace us or open our files before execve (CVE-2016-9962)',
      }),
      ...joinSteps(namespaces),
      ...(joinsPids ? [relayStep()] : []),
      call('setsid', [], { why: "a session of its own: the caller's terminal is not ours to signal" }),
      ...(input.keyring ? [...keyLabelSteps(config), keyringStep()] : []),
      ...openTerminalInsideSteps(config, input),
      ...awaitRdtSteps(config),
      ...programSteps({ ...input, inRoot: namespaces.includes('mount') }),
    ],
    cleanup: [],
  }
}

const openCgroupStep = (folder: string): Step =>
  call('openat', [AT.FDCWD, folder, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0], {
    into: CGROUP,
    why: 'clone3 takes the cgroup by file descriptor',
    at: '/linux/cgroupsPath',
  })

const cloneStep = (intoCgroup: boolean): Step =>
  call(
    'clone3',
    [
      {
        flags: intoCgroup ? CLONE.INTO_CGROUP : 0,
        exit_signal: SIGCHLD,
        ...(intoCgroup ? { cgroup: CGROUP } : {}),
      },
    ],
    {
      role: 'container',
      into: PID,
      why: intoCgroup
        ? "the program's process: in the container's cgroup from the first instruction"
        : "the program's process",
    },
  )

function joinSteps(namespaces: readonly NamespaceType[]): Step[] {
  const at = '/linux/namespaces'
  if (namespaces.length === 0) return []
  const flags = namespaces.reduce((sum, type) => sum + CLONE_FLAG[type], 0)
  return [
    call('setns', [CONTAINER, flags], { why: 'enter all namespaces of the container at once', at }),
    ...(namespaces.includes('user')
      ? [
          call('setresgid', [0, 0, 0], { why: 'group 0 of its user namespace', at }),
          call('setresuid', [0, 0, 0], { why: 'user 0 of its user namespace', at }),
        ]
      : []),
  ]
}

const relayStep = (): Step =>
  call('clone3', [{ flags: CLONE.PARENT }], {
    role: 'relay',
    into: PID,
    why: 'only a child enters the pid namespace',
    at: '/linux/namespaces',
  })
