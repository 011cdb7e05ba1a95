/** cgroups(7), io controller: a limit of bytes a second on one device. */
import { type Lesson, step } from '../lesson.ts'
import { runIn } from '../stage/groups.ts'
import type { Stage } from '../stage.ts'

const MIB = 2 ** 20
const WRITTEN = 4 * MIB
const LIMIT = MIB

/** Seconds that writing past all caches takes. */
function write({ host, ownCgroup, device }: Stage): number {
  const start = performance.now()
  const { code, output } = runIn(
    host,
    ownCgroup('lesson'),
    `exec dd if=/dev/zero of=${device()} bs=128k count=${WRITTEN / (128 * 1024)} oflag=direct 2>&1`,
  )
  if (code !== 0) throw new Error(`Cannot write to the device: ${output}`)
  return Math.round(performance.now() - start) / 1000
}

export const io: Lesson = {
  name: 'io',
  group: 'Control groups',
  summary: 'A disk that is slow for one group and fast for the others',
  needs: { root: true, cgroup: true, controllers: ['io'] },
  steps: [
    step({
      claim: 'Nothing limits a write but the disk',
      why: `${WRITTEN / MIB} MiB are written to a disk that is a file (a loop device), past all caches.`,
      do: ({ makeCgroup }) => makeCgroup('lesson'),
      evidence: (stage) => ({ seconds: { from: 'dd oflag=direct', group: write(stage) } }),
      assert: ({ seconds }) => seconds.group < 2.5,
    }),
    step({
      claim: 'io.max gives the group one MiB a second on that disk',
      why: 'Device, direction and rate stand in one line. That is --device-write-bps.',
      do: ({ host, ownCgroup, device }) => {
        const number = host.read(`/sys/block/${device().replace('/dev/', '')}/dev`)
        host.write(`${ownCgroup('lesson')}/io.max`, `${number} wbps=${LIMIT}`)
      },
      evidence: (stage) => ({
        seconds: { from: 'dd oflag=direct', group: write(stage) },
        limit: { from: 'io.max', group: stage.host.read(`${stage.ownCgroup('lesson')}/io.max`) },
      }),
      assert: ({ seconds }) => seconds.group > 2.8,
    }),
    step({
      claim: 'The kernel counts what the group wrote',
      why: 'io.stat has a line for each disk. Only what reaches the disk counts: what stays in the cache does not yet.',
      evidence: ({ host, ownCgroup }) => ({
        'bytes written': {
          from: 'io.stat, wbytes',
          group: Number(/wbytes=(\d+)/.exec(host.read(`${ownCgroup('lesson')}/io.stat`))?.[1] ?? 0),
        },
      }),
      assert: (seen) => seen['bytes written'].group >= 2 * WRITTEN,
    }),
  ],
  ending:
    'A limit on a disk slows the group down; it never fails. Only pressure tells that it waits: `tinyctr lab pressure`.',
}
