/** Masked and read-only paths: the parts of /proc that are not in any namespace. */
import { CLONE, MS } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import type { Stage } from '../stage.ts'

/** Tells about the hardware of the host, and by its counters when somebody types. */
const SECRET = '/proc/interrupts'
const WITHOUT_SYS_ADMIN = 0xa80425fbn

const look = ({ host, subject }: Stage) => ({
  'bytes to read': {
    from: SECRET,
    host: host.read(SECRET).length,
    container: subject('container').read(SECRET).length,
  },
})
const mask = ({ subject }: Stage): void => {
  subject('container').call('mount', ['/dev/null', SECRET, null, MS.BIND, null])
}
const unmask = ({ subject }: Stage): number | string => subject('container').attempt('umount2', [SECRET, 0])

export const maskedPaths: Lesson = {
  name: 'masked-paths',
  group: 'Security',
  summary: 'What the kernel tells everybody, covered with /dev/null',
  standIn: { flags: CLONE.NEWNS, when: 'always' },
  steps: [
    step({
      claim: 'Much of /proc is in no namespace: a container reads about the host there',
      why: 'Interrupts, timers, kernel memory, hardware: there is one kernel, and it tells whoever asks.',
      do: ({ fork }) => {
        const container = fork('container', CLONE.NEWNS)
        container.call('mount', [null, '/', null, MS.REC | MS.PRIVATE, null])
      },
      evidence: look,
      assert: ({ 'bytes to read': seen }) => seen.container > 0,
    }),
    step({
      claim: 'A bind mount of /dev/null over the file leaves nothing to read',
      why: 'The OCI configuration lists such files as maskedPaths.',
      do: mask,
      evidence: look,
      assert: ({ 'bytes to read': seen }) => seen.container === 0 && seen.host > 0,
    }),
    step({
      claim: 'With CAP_SYS_ADMIN the cover is simply taken off',
      why: 'A mask is a mount, and who may mount may unmount. The protection is only as good as the capabilities that are missing.',
      evidence: (stage) => ({
        'take it off': { from: 'umount2(2)', container: unmask(stage) },
        ...look(stage),
      }),
      assert: (seen) => seen['take it off'].container === 0 && seen['bytes to read'].container > 0,
    }),
    step({
      claim: 'Without CAP_SYS_ADMIN it stays on',
      why: 'Masked again, and then the capability is given up: two protections that need each other.',
      do: (stage) => {
        mask(stage)
        stage.subject('container').call('capset', [
          { version: 0x20080522, pid: 0 },
          { effective: WITHOUT_SYS_ADMIN, permitted: WITHOUT_SYS_ADMIN, inheritable: 0n },
        ])
      },
      evidence: (stage) => ({
        'take it off': { from: 'umount2(2)', container: unmask(stage) },
        ...look(stage),
      }),
      assert: (seen) => seen['take it off'].container === 'EPERM' && seen['bytes to read'].container === 0,
    }),
  ],
  ending:
    'tinyctr masks a dozen such paths and makes five read-only: `tinyctr plan alpine sh | grep -B1 Paths`.',
}
