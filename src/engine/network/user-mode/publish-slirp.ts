/** Orders to a slirp4netns that runs (slirp4netns(1), "API SOCKET"): one JSON object a connection, and one as the answer. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { StateError } from '../../../errors.ts'
import type { NetworkState } from '../container-network.ts'
import { SLIRP_SOCKET } from './slirp.ts'

/** @param text of the container's file `network` @throws StateError for a port that it does not get */
export async function publishWithSlirp(stateFolder: string, text: string): Promise<void> {
  process.chdir(stateFolder)
  const { ports } = JSON.parse(text) as NetworkState
  for (const { protocol, hostAddress, hostPort, address, port } of ports) {
    const answer = await ask({
      execute: 'add_hostfwd',
      arguments: {
        proto: protocol,
        host_addr: hostAddress,
        host_port: hostPort,
        guest_addr: address,
        guest_port: port,
      },
    })
    if (answer.error)
      throw new StateError(
        `Bind for ${hostAddress}:${hostPort} failed: ${answer.error.desc ?? 'no reason given'}`,
      )
  }
}

async function ask(order: object): Promise<{ error?: { desc?: string } }> {
  const socket = await connected()
  socket.end(JSON.stringify(order))
  let text = ''
  for await (const part of socket) text += part
  return JSON.parse(text)
}

const TRIES = 100
const PAUSE_MILLISECONDS = 20

/** It says that it is ready a moment before it listens. */
async function connected(): Promise<Socket> {
  for (let left = TRIES; ; left--) {
    const socket = connect({ path: SLIRP_SOCKET, allowHalfOpen: true })
    try {
      await once(socket, 'connect')
      return socket
    } catch (error) {
      socket.destroy()
      if (left === 0) throw error
      await sleep(PAUSE_MILLISECONDS)
    }
  }
}
