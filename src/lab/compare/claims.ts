/** What is usually said of containers and virtual machines, held against what was measured here. */
import type { Measured } from './measure.ts'

export interface Verdict {
  readonly claim: string
  readonly here: string
  readonly confirmed: boolean
}

const MIB = 2 ** 20
const GIB = 2 ** 30
const seconds = (milliseconds: number): string =>
  milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`
export const bytes = (count: number): string =>
  count < MIB
    ? `${Math.round(count / 1024)} kB`
    : count < GIB
      ? `${(count / MIB).toFixed(1)} MB`
      : `${(count / GIB).toFixed(1)} GB`

export function verdicts(all: readonly Measured[]): Verdict[] {
  const container = all.find(({ name }) => name === 'container')
  const machine = all.find(({ name }) => name === 'virtual machine')
  if (!container) return []
  const start = container.startMilliseconds.median
  const rows: Verdict[] = [
    {
      claim: 'A container starts in 1 to 3 s',
      here: seconds(start),
      confirmed: start >= 1000 && start <= 3000,
    },
    {
      claim: 'The image of a small distribution has about 5 MB',
      here: bytes(container.imageBytes),
      confirmed: container.imageBytes < 8 * MIB,
    },
    {
      claim: 'An idle container takes 1 to 2 MB of memory',
      here: bytes(container.idleBytes),
      confirmed: container.idleBytes >= MIB && container.idleBytes <= 2 * MIB,
    },
    {
      claim: '64 GB hold 50 to 100 containers',
      here: `${many(container.idleBytes)} idle ones`,
      confirmed: within(Math.floor((64 * GIB) / container.idleBytes), 50, 100),
    },
  ]
  if (!machine) return rows
  const boot = machine.startMilliseconds.median
  return [
    ...rows,
    {
      claim: 'A virtual machine boots in 30 to 120 s',
      here: seconds(boot),
      confirmed: within(boot, 30_000, 120_000),
    },
    {
      claim: 'The image of a virtual machine has 5 to 8 GB',
      here: bytes(machine.imageBytes),
      confirmed: within(machine.imageBytes, 5 * GIB, 8 * GIB),
    },
    {
      claim: 'The system of a virtual machine alone takes 100 to 200 MB of memory',
      here: bytes(machine.idleBytes),
      confirmed: within(machine.idleBytes, 100 * MIB, 200 * MIB),
    },
    {
      claim: '64 GB hold 5 to 10 virtual machines',
      here: `${many(machine.idleBytes)} idle ones`,
      confirmed: within(Math.floor((64 * GIB) / machine.idleBytes), 5, 10),
    },
    {
      claim: 'A container starts many times faster than a virtual machine',
      here: `${Math.round(boot / start)} times`,
      confirmed: boot > 3 * start,
    },
    {
      claim: 'A container takes many times less memory than a virtual machine',
      here: `${Math.round(machine.idleBytes / container.idleBytes)} times`,
      confirmed: machine.idleBytes > 3 * container.idleBytes,
    },
    {
      claim: 'Containers share the kernel of the host; a virtual machine has its own',
      here: `${container.sees.kernel}, ${machine.sees.kernel}`,
      confirmed:
        container.sees.kernel === all[0]?.sees.kernel && machine.sees.kernel !== container.sees.kernel,
    },
  ]
}

const many = (each: number): string => Math.floor((64 * GIB) / each).toLocaleString('en')
const within = (value: number, least: number, most: number): boolean => value >= least && value <= most

export function advice(all: readonly Measured[]): string[] {
  const container = all.find(({ name }) => name === 'container')
  const machine = all.find(({ name }) => name === 'virtual machine')
  if (!container || !machine) return ['No virtual machine could be measured here: install user-mode-linux.']
  return [
    `Many small services, started and stopped often: containers (${seconds(container.startMilliseconds.median)} against ${seconds(machine.startMilliseconds.median)} to start, ${bytes(container.idleBytes)} against ${bytes(machine.idleBytes)} idle).`,
    `Code of somebody you do not trust: a virtual machine. The container saw the kernel of the host (${container.sees.kernel}); a hole in it is a hole in every container.`,
    'Another kernel, its modules or another operating system: a virtual machine. A container has no kernel.',
    'Both: `tinyctr run --isolation vm` runs the same image in a kernel of its own, and its isolation is that of a machine.',
  ]
}

export { seconds }
