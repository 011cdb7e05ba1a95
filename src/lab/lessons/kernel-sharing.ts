/** One kernel for all containers, one for each virtual machine. */
import { CLONE } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import { askMachine } from '../stage/machine.ts'
import { makeTree, pivotInto } from '../stage/roots.ts'
import type { Stage } from '../stage.ts'

const RELEASE = '/proc/sys/kernel/osrelease'
const BOOT = '/proc/sys/kernel/random/boot_id'

/** Asked as the host's shell would ask, in the machine and in a container of the machine. */
const QUESTIONS = `
$b cat ${RELEASE} ${BOOT}
$b mkdir /writable/root /writable/root/proc /writable/root/bin
$b cp $b /writable/root/bin/busybox
$b unshare -m -u -i -n -p -f $b sh -c '
  b=/boot/busybox
  $b mount -t proc proc /writable/root/proc
  $b chroot /writable/root /bin/busybox cat ${RELEASE}
'
`
const keepAnswers = (stage: Stage): void => {
  const answers = askMachine(stage, QUESTIONS)
  for (const [i, name] of ['release', 'boot', 'release-of-container'].entries())
    stage.keepBytes(name, new TextEncoder().encode(answers[i] ?? ''))
}
/** The first block of eight digits tells boots apart, and fits a line. */
const short = (id: string): string => id.slice(0, 8)
const kept = (stage: Stage, name: string): string => new TextDecoder().decode(stage.keptBytes(name))

export const kernelSharing: Lesson = {
  name: 'kernel-sharing',
  group: 'Whole containers',
  summary: 'uname -r in a host, a container, a virtual machine, and a container in that',
  needs: { image: true, machine: true },
  standIn: { flags: CLONE.NEWNS, when: 'always' },
  steps: [
    step({
      claim: 'A container says the release of the kernel of the host, whatever its image calls itself',
      why: 'An image has programs and libraries, no kernel. "Alpine" on an Ubuntu host runs on the kernel of Ubuntu.',
      do: (stage) => pivotInto(stage.fork('container', CLONE.NEWUTS), makeTree(stage, 'root'), true),
      evidence: ({ host, subject }) => ({
        'uname -r': {
          from: RELEASE,
          host: host.read(RELEASE),
          container: subject('container').read(RELEASE),
        },
        'boot id': {
          from: BOOT,
          host: short(host.read(BOOT)),
          container: short(subject('container').read(BOOT)),
        },
      }),
      assert: (seen) =>
        seen['uname -r'].host === seen['uname -r'].container &&
        seen['boot id'].host === seen['boot id'].container,
    }),
    step({
      claim: 'A virtual machine has booted a kernel of its own',
      why: 'A whole Linux kernel (User Mode Linux is one that runs as a program; QEMU boots that of a distribution) was booted for this step, asked, and turned off.',
      do: keepAnswers,
      evidence: (stage) => ({
        'uname -r': { from: RELEASE, host: stage.host.read(RELEASE), machine: kept(stage, 'release') },
        'boot id': { from: BOOT, host: short(stage.host.read(BOOT)), machine: short(kept(stage, 'boot')) },
      }),
      assert: (seen) =>
        seen['uname -r'].host !== seen['uname -r'].machine &&
        seen['boot id'].host !== seen['boot id'].machine,
    }),
    step({
      claim: 'Both together: a container in the virtual machine shares the kernel of the machine',
      why: 'This is how clouds run containers of customers who do not trust each other: `tinyctr run --isolation vm`.',
      evidence: (stage) => ({
        'uname -r': {
          from: RELEASE,
          host: stage.host.read(RELEASE),
          machine: kept(stage, 'release'),
          'container in it': kept(stage, 'release-of-container'),
        },
      }),
      assert: ({ 'uname -r': seen }) =>
        seen['container in it'] === seen.machine && seen['container in it'] !== seen.host,
    }),
  ],
  ending:
    'One kernel is why containers are small and start at once. It is also why a hole in the kernel is a hole in every container.',
}
