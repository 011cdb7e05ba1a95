/** `tinyctr top`: the host's ps(1), and of its lines those of the container's processes (moby daemon/top_unix.go). */

import { containerProcesses } from '../../engine/container/container-processes.ts'
import { findContainer } from '../../engine/container/list.ts'
import { recordContainerEvent } from '../../engine/events/record-event-of.ts'
import { StateError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import { alignTabs } from '../format/tab-writer.ts'
import { print } from '../screen/output.ts'

export const top = defineCommand({
  usage: 'CONTAINER [ps OPTIONS]',
  summary: 'Display the running processes of a container',
  examples: ['tinyctr top web', 'tinyctr top web -o pid,comm'],
  flags: {},
  flagsFirst: true,
  least: 1,
  completes: 'containers',
  async execute({ positionals: [name = '', ...options], folders: { dataRoot } }) {
    const container = findContainer(dataRoot, name)
    const processes = new Set(containerProcesses(container))
    const { spawnSync } = await import('node:child_process')
    const asked = options.length > 0 ? options : ['-ef']
    const { status, stdout, stderr, error } = spawnSync('ps', asked, { encoding: 'utf8' })
    if (error) throw new StateError(`Cannot list processes: ps is not here: ${error.message}`)
    if (status !== 0) throw new StateError(`Error running ps: ${stderr.trim() || `exit status ${status}`}`)
    recordContainerEvent(dataRoot, container, 'top')
    print(alignTabs(processTable(stdout, processes), 20, 3))
    return 0
  },
})

/** The lines whose PID is one of them, cells with tabs between. @throws StateError with Docker's words */
export function processTable(text: string, processes: ReadonlySet<number>): string {
  const [heading = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '')
  const titles = heading.trim().split(/\s+/)
  const at = titles.indexOf('PID')
  if (at < 0) throw new StateError("Couldn't find PID field in ps output")
  const rows = lines
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => processes.has(Number(fields[at])))
  return [
    titles,
    ...rows.map((fields) => [
      ...fields.slice(0, titles.length - 1),
      fields.slice(titles.length - 1).join(' '),
    ]),
  ]
    .map((cells) => cells.join('\t'))
    .join('\n')
}
