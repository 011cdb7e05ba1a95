/** A container's state as the STATUS of `ps` has it: `Up 3 minutes (healthy)`, `Exited (0) 2 hours ago`. */
import type { ContainerState } from '../../engine/container/status.ts'
import { humanDuration } from '../format/units.ts'

const milliseconds = (nanoseconds: bigint): number => Number(nanoseconds / 1_000_000n)

/** @param now milliseconds since the epoch */
export function describeStatus(state: ContainerState, now: number, health?: string): string {
  const since = (then: bigint): string => humanDuration(Math.max(0, now - milliseconds(then)))
  switch (state.status) {
    case 'running':
      return `Up ${since(state.startedAt)}${health === undefined ? '' : ` (${healthWords(health)})`}`
    case 'paused':
      return `Up ${since(state.startedAt)} (Paused)`
    case 'restarting':
      return `Restarting (${state.exitCode}) ${since(state.finishedAt)} ago`
    case 'removing':
      return 'Removal In Progress'
    case 'dead':
      return 'Dead'
    case 'created':
      return 'Created'
    case 'exited':
      return `Exited (${state.exitCode}) ${since(state.finishedAt)} ago`
  }
}

const healthWords = (health: string): string => (health === 'starting' ? 'health: starting' : health)
