/** user_namespaces(7): who is who, and over what a capability has power. */
import { CLONE } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import { idsOf } from '../stage/root-inside.ts'
import { namespaces, statusField } from '../stage/views.ts'
import type { Stage } from '../stage.ts'

/** What root inside is outside: an id that owns nothing; for an ordinary user, that user. */
const outside = ({ rootless, host }: Stage): string => (rootless ? (idsOf(host)[0] ?? '0') : '100000')

const identity = ({ host, subject }: Stage) => {
  const container = subject('container')
  return {
    'user id': {
      from: 'Uid in /proc/PID/status',
      host: idsOf(host, container.pid)[0] ?? '?',
      container: idsOf(container)[0] ?? '?',
    },
    capabilities: { from: 'CapEff in /proc/PID/status', container: statusField(container, 'CapEff') },
  }
}
const OVERFLOW = '65534'

export const user: Lesson = {
  name: 'user',
  group: 'Namespaces',
  summary: 'Root inside, nobody outside',
  standIn: { flags: CLONE.NEWUTS, when: 'skipping' },
  steps: [
    step({
      claim: 'unshare(CLONE_NEWUSER) gives every capability, and no identity',
      why: 'Anybody may make a user namespace. No id of the host means anything in it yet: the kernel shows 65534 for "none of ours".',
      do: ({ fork }) => fork('container', 0, true).call('unshare', [CLONE.NEWUSER]),
      evidence: (stage) => ({ namespace: namespaces(stage, 'user'), ...identity(stage) }),
      assert: (seen) =>
        seen.namespace.host !== seen.namespace.container &&
        seen['user id'].container === OVERFLOW &&
        /[1-9a-f]/.test(seen.capabilities.container),
    }),
    step({
      claim: 'A map makes it root inside, and an ordinary id outside',
      why: '/proc/PID/uid_map says which ids inside are which ids outside. It may be written once, and only by who has a right to the ids outside.',
      do: (stage) => {
        const { host, subject, rootless } = stage
        const container = subject('container')
        const id = outside(stage)
        if (rootless) {
          container.write('/proc/self/setgroups', 'deny')
          container.write('/proc/self/uid_map', `0 ${id} 1`)
          container.write('/proc/self/gid_map', `0 ${idsOf(host)[1]} 1`)
          return
        }
        host.write(`/proc/${container.pid}/uid_map`, `0 ${id} 65536`)
        host.write(`/proc/${container.pid}/gid_map`, `0 ${id} 65536`)
        container.call('setresgid', [0, 0, 0])
        container.call('setresuid', [0, 0, 0])
      },
      evidence: identity,
      assert: (seen) => seen['user id'].container === '0' && seen['user id'].host !== '65534',
    }),
    step({
      claim: 'Its capabilities have no power over what belongs to the host',
      why: 'A capability counts in the user namespace that owns the thing. The host name belongs to the UTS namespace of the host, and that to the user namespace of the host.',
      evidence: ({ host, subject }) => ({
        'change the host name': {
          from: 'sethostname(2)',
          container: subject('container').attempt('sethostname', ['stolen']),
        },
        'host name': { from: '/proc/sys/kernel/hostname', host: host.read('/proc/sys/kernel/hostname') },
      }),
      assert: (seen) =>
        seen['change the host name'].container === 'EPERM' && seen['host name'].host !== 'stolen',
    }),
    step({
      claim: 'Over what it makes itself they have: a new UTS namespace takes the name',
      why: 'Other namespaces are owned by the user namespace they are made in. That is how rootless containers work: a user namespace first, all others inside it.',
      do: ({ subject }) => subject('container').call('unshare', [CLONE.NEWUTS]),
      evidence: ({ host, subject }) => ({
        'change the host name': {
          from: 'sethostname(2)',
          container: subject('container').attempt('sethostname', ['mine']),
        },
        'host name': {
          from: '/proc/sys/kernel/hostname',
          host: host.read('/proc/sys/kernel/hostname'),
          container: subject('container').read('/proc/sys/kernel/hostname'),
        },
      }),
      assert: (seen) =>
        seen['change the host name'].container === 0 &&
        seen['host name'].container === 'mine' &&
        seen['host name'].host !== 'mine',
    }),
  ],
  ending:
    'A user namespace splits root in two. Whoever breaks out of such a container is nobody on the host: it is the strongest single protection there is.',
}
