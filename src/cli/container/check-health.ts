/** `tinyctr check-health`: one look at a container's health; its monitor calls it at each interval. */

import { spawnSync } from 'node:child_process'
import { checkOf, readHealth, writeHealth } from '../../engine/container/health.ts'
import { findContainer } from '../../engine/container/list.ts'
import { recordContainerEvent } from '../../engine/events/record-event-of.ts'
import { ownCommand } from '../../runtime/own-command.ts'
import { defineCommand } from '../command.ts'

const OUTPUT_BYTES = 4096
const NANOSECONDS = 1e6

export const checkHealth = defineCommand({
  usage: 'ROOT DATA_ROOT CONTAINER',
  summary: "Check a container's health; its monitor calls it",
  flags: {},
  least: 3,
  most: 3,
  hidden: true,
  async execute({ positionals: [root = '', dataRoot = '', id = ''] }) {
    const container = findContainer(dataRoot, id)
    const check = checkOf(container)
    if (!check || container.state.status !== 'running') return 0
    const [program = '', ...before] = ownCommand('--root')
    const begin = new Date()
    const timeout = check.timeoutNanoseconds / NANOSECONDS
    const { status, error, output } = spawnSync(
      program,
      [...before, root, '--data-root', dataRoot, 'exec', id, ...check.command],
      { timeout, killSignal: 'SIGKILL', stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' },
    )
    const late = (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT'
    const former = readHealth(dataRoot, container)?.Status
    const health = writeHealth(dataRoot, container, check, {
      Start: begin.toISOString(),
      End: new Date().toISOString(),
      ExitCode: late ? -1 : (status ?? -1),
      Output: late
        ? `Health check exceeded timeout (${timeout}ms)`
        : output
            .filter((text) => text !== null)
            .join('')
            .slice(0, OUTPUT_BYTES),
    })
    if (health.Status !== former) recordContainerEvent(dataRoot, container, `health_status: ${health.Status}`)
    return health.Status === 'healthy' ? 0 : 1
  },
})
