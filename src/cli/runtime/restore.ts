/** `tinyctr-runtime restore`. */
import { constants } from 'node:os'
import { StateError } from '../../errors.ts'
import { attempt } from '../../linux/call.ts'
import { restore as restoreContainer } from '../../runtime/checkpoint/restore.ts'
import { deleteContainer } from '../../runtime/delete.ts'
import { runtimeCommand } from './command.ts'
import { absolute, criuFlags, criuOptions } from './criu-flags.ts'

export const restore = runtimeCommand({
  usage: '[OPTIONS] ID',
  summary: 'Make a container again from what checkpoint has saved',
  flags: {
    ...criuFlags,
    bundle: { takes: 'one', short: 'b', value: 'DIR', help: 'The bundle (default: the current folder)' },
    'console-socket': {
      takes: 'one',
      value: 'SOCKET',
      help: 'Refused: CRIU gives terminals by its protocol only',
    },
    detach: { takes: 'nothing', short: 'd', help: 'Do not wait for its end' },
    'lsm-mount-context': { takes: 'one', value: 'CONTEXT', help: 'Another SELinux context of its mounts' },
    'lsm-profile': {
      takes: 'one',
      value: 'TYPE:NAME',
      help: 'Another profile: apparmor:NAME or selinux:LABEL',
    },
    'no-pivot': { takes: 'nothing', help: 'Accepted for compatibility: the root is CRIU’s to make' },
    'no-subreaper': { takes: 'nothing', help: 'Accepted for compatibility: orphans are the caller’s anyway' },
    'pid-file': { takes: 'one', value: 'FILE', help: 'Where to write the process id' },
  },
  least: 1,
  most: 1,
  async execute({ flags, global, positionals }) {
    const id = positionals[0] as string
    if (flags['console-socket'])
      throw new StateError(
        'cannot restore a terminal to a console socket: CRIU hands terminals out by its protocol only',
      )
    const pid = await restoreContainer({
      ...criuOptions(flags),
      root: global.root,
      id,
      bundle: absolute(flags.bundle ?? '.'),
      cgroupManager: global.cgroupManager,
      ...(flags['pid-file'] ? { pidFile: absolute(flags['pid-file']) } : {}),
      ...(flags['lsm-profile'] ? { lsmProfile: flags['lsm-profile'] } : {}),
      ...(flags['lsm-mount-context'] ? { lsmMountContext: flags['lsm-mount-context'] } : {}),
    })
    if (flags.detach) return 0
    const code = await waitFor(pid)
    await deleteContainer(global.root, id, true)
    return code
  },
})

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const
const P_PID = 1
const WNOHANG_WEXITED = 5
const LOOK_AGAIN_MILLISECONDS = 50
const CLD_EXITED = 1

/** Our child since CRIU has left it to us. @returns its exit code, 128 and the signal's number for one that was killed */
async function waitFor(pid: number): Promise<number> {
  for (const signal of FORWARDED) process.on(signal, () => attempt('kill', [pid, constants.signals[signal]]))
  const information = new Uint8Array(128)
  const view = new DataView(information.buffer)
  for (;;) {
    const answer = attempt('waitid', [P_PID, pid, information, WNOHANG_WEXITED, null])
    // si_signo is 0 while nothing has happened; si_code at 8, si_status at 24.
    if (answer < 0) return 1
    if (view.getInt32(0, true) !== 0)
      return view.getInt32(24, true) + (view.getInt32(8, true) === CLD_EXITED ? 0 : 128)
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MILLISECONDS))
  }
}
