/** Under somebody's eyes one half goes on at a time; unwatched, both do, as their barriers let them. */
import { attempt } from '../call.ts'
import { type Execution, WORD } from './execution.ts'
import { exit } from './fork.ts'

const POLLHUP = 0x10
const MILLISECOND = 1_000_000n
const TURN = { host: 0, container: 1 } as const

export function giveTurn(execution: Execution, half: 'host' | 'container'): void {
  execution.memory[WORD.TURN] = TURN[half]
  if (half === 'host') awaitTurn(execution, 'container')
}

/** Ends with the parent. */
export function awaitTurn({ memory, channel, watch }: Execution, half: 'container'): void {
  const fds = new Int32Array([channel.container, 0])
  const timeout = new BigInt64Array([0n, 2n * MILLISECOND])
  while (watch && memory[WORD.TURN] !== TURN[half]) {
    const polled = new Uint8Array(fds.buffer)
    attempt('ppoll', [polled, 1, new Uint8Array(timeout.buffer), null, 0])
    if (((fds[1] as number) >> 16) & POLLHUP) exit(1)
  }
}
