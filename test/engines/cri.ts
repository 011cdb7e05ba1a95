/** A kubelet of a few lines: calls of the CRI over containerd's socket. */
import { join } from 'node:path'
import { credentials, loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

type Message = Readonly<Record<string, unknown>>

export interface Cri {
  /** @throws what containerd answered */
  call(method: string, request: Message): Promise<Record<string, string>>
  close(): void
}

const definition = loadSync(join(import.meta.dirname, 'cri.proto'), {
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
})
const { runtime } = loadPackageDefinition(definition) as unknown as {
  runtime: { v1: { RuntimeService: ServiceClientConstructor } }
}

export function connectCri(socket: string): Cri {
  const client = new runtime.v1.RuntimeService(`unix:${socket}`, credentials.createInsecure())
  return {
    call: (method, request) =>
      new Promise((resolve, reject) => {
        const answer = (error: Error | null, value: Record<string, string>) =>
          error ? reject(new Error(`${method}: ${error.message}`)) : resolve(value)
        const send = client[method] as (...args: unknown[]) => void
        send.call(client, request, { deadline: Date.now() + 60_000 }, answer)
      }),
    close: () => client.close(),
  }
}
