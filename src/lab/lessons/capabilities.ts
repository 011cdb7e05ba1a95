/** capabilities(7): root in forty parts, and an escape with one of them. */

import { O } from '../../linux/abi/arch.ts'
import { CAPABILITIES } from '../../linux/abi/capability.ts'
import { AT, CLONE, MS, PR } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import { makeTree, pivotInto } from '../stage/roots.ts'
import { statusField } from '../stage/views.ts'
import type { Stage } from '../stage.ts'

const SECRET = 'secret-of-the-host'
/** Docker's default: 14 of them. */
const DEFAULTS = 0xa80425fbn

const count = (mask: string): number => {
  let left = BigInt(`0x${mask}`)
  let bits = 0
  for (; left > 0n; left >>= 1n) bits += Number(left & 1n)
  return bits
}
const effective = ({ subject }: Stage): number => count(statusField(subject('container'), 'CapEff'))
/** What a program gets that root starts. */
const ofProgram = ({ subject }: Stage): number =>
  count(
    /CapEff:\s+(\w+)/.exec(
      subject('container').run('/bin/busybox', 'grep', 'CapEff', '/proc/self/status').output,
    )?.[1] ?? '0',
  )

/** Opens a file by what the filesystem calls it, past every folder and mount: no path is involved. */
function openByHandle(stage: Stage): string {
  const container = stage.subject('container')
  const volume = container.call('openat', [AT.FDCWD, '/volume', O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0])
  const opened = container.attempt('open_by_handle_at', [volume, stage.keptBytes('handle'), O.RDONLY])
  return typeof opened === 'string' ? opened : container.read(`/proc/self/fd/${opened}`)
}

export const capabilities: Lesson = {
  name: 'capabilities',
  group: 'Security',
  summary: 'Root in forty parts, and a way out with one of them',
  needs: { root: true, image: true },
  standIn: { flags: CLONE.NEWNS, when: 'always' },
  steps: [
    step({
      claim: 'Root in a container is root: without more ado it has every capability',
      why: 'This one has a mount namespace, a root of its own and a folder of the host as a volume. The file beside that folder it cannot see.',
      do: (stage) => {
        const { host, folder } = stage
        host.call('mkdirat', [AT.FDCWD, `${folder}/shared`, 0o755])
        host.write(`${folder}/secret`, SECRET)
        stage.keepBytes('handle', host.handleOf(`${folder}/secret`))
        const tree = makeTree(stage, 'tree')
        host.call('mkdirat', [AT.FDCWD, `${tree}/volume`, 0o755])
        host.call('mount', [`${folder}/shared`, `${tree}/volume`, null, MS.BIND, null])
        pivotInto(stage.fork('container'), tree, true)
      },
      evidence: (stage) => ({
        capabilities: { from: 'CapEff in /proc/self/status', container: effective(stage) },
        'secret, by its path': {
          from: `${stage.folder}/secret`,
          host: stage.host.read(`${stage.folder}/secret`),
          container: stage.subject('container').read(`${stage.folder}/secret`),
        },
      }),
      assert: (seen) =>
        seen.capabilities.container >= 40 && seen['secret, by its path'].container === 'ENOENT',
    }),
    step({
      claim: 'With CAP_DAC_READ_SEARCH it reads any file of that filesystem, by number instead of path',
      why: 'open_by_handle_at(2) asks the filesystem for "file 1234". In 2014 "Shocker" read /etc/shadow of the host from a Docker container this way.',
      evidence: (stage) => ({
        'secret, by its handle': { from: 'open_by_handle_at(2)', container: openByHandle(stage) },
      }),
      assert: (seen) => seen['secret, by its handle'].container === SECRET,
    }),
    step({
      claim: 'With the 14 capabilities that docker and tinyctr leave, the same call is refused',
      why: 'capset(2) gives up all others, for this process.',
      do: ({ subject }) => {
        subject('container').call('capset', [
          { version: 0x20080522, pid: 0 },
          { effective: DEFAULTS, permitted: DEFAULTS, inheritable: 0n },
        ])
      },
      evidence: (stage) => ({
        capabilities: { from: 'CapEff in /proc/self/status', container: effective(stage) },
        'secret, by its handle': { from: 'open_by_handle_at(2)', container: openByHandle(stage) },
      }),
      assert: (seen) =>
        seen.capabilities.container === 14 && seen['secret, by its handle'].container === 'EPERM',
    }),
    step({
      claim:
        'The bounding set is what keeps it so: without it, the next program that root starts has them all again',
      why: 'execve(2) by user 0 raises everything that the bounding set still holds. Dropping it there is for good.',
      do: (stage) => {
        stage.keep('before', ofProgram(stage))
        const container = stage.subject('container')
        CAPABILITIES.forEach((_, number) => {
          if (!((DEFAULTS >> BigInt(number)) & 1n))
            container.attempt('prctl', [PR.CAPBSET_DROP, number, 0, 0, 0])
        })
      },
      evidence: (stage) => ({
        'capabilities of a program': {
          from: 'CapEff in /proc/self/status',
          'bounding set full': stage.kept('before'),
          'bounding set dropped': ofProgram(stage),
        },
      }),
      assert: ({ 'capabilities of a program': seen }) =>
        seen['bounding set full'] >= 40 && seen['bounding set dropped'] === 14,
    }),
  ],
  ending:
    'Capabilities decide what root may do. --privileged gives all of them back: then every wall of this lesson is gone.',
}
