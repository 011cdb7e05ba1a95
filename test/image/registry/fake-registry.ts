/** A registry small enough to misbehave on purpose: it holds blobs and manifests, and any path can be overridden. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Descriptor } from '../../../src/image/content.ts'

export type Handler = (request: IncomingMessage, response: ServerResponse, times: number) => void

export interface Server {
  /** `127.0.0.1:PORT` */
  host: string
  /** `GET /v2/x/manifests/latest`, in order of arrival. */
  seen: { line: string; headers: IncomingMessage['headers'] }[]
  close(): Promise<void>
}

/** Serves until closed. `handler` is also told how many requests for the same path came before. */
export async function serve(handler: Handler): Promise<Server> {
  const seen: Server['seen'] = []
  const server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`
    const times = seen.filter((earlier) => earlier.line === line).length
    seen.push({ line, headers: request.headers })
    handler(request, response, times)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { host: `127.0.0.1:${port}`, seen, close }
}

export const digestOf = (content: Uint8Array | string): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`

export const describe = (content: Uint8Array | string, mediaType: string): Descriptor => ({
  mediaType,
  digest: digestOf(content),
  size: Buffer.byteLength(content),
})

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
export const ociIndex = 'application/vnd.oci.image.index.v1+json'
export const ociConfig = 'application/vnd.oci.image.config.v1+json'
export const ociLayer = 'application/vnd.oci.image.layer.v1.tar'

/** What a registry holds below `/v2/REPOSITORY/`: `manifests/latest`, `blobs/sha256:...`. */
export type Content = Map<string, { type: string; body: Uint8Array | string }>

export interface FakeLayer {
  body: Uint8Array
  mediaType: string
  /** The uncompressed bytes' digest. */
  diffId: string
}

export const plainLayer = (body: Uint8Array): FakeLayer => ({
  body,
  mediaType: ociLayer,
  diffId: digestOf(body),
})

/** An image of `layers` under the tag `latest`. @returns its content and the manifest's descriptor */
export function makeImage(
  layers: FakeLayer[],
  platform = { os: 'linux', architecture: 'amd64' },
): { content: Content; manifest: Descriptor; config: Descriptor; layers: Descriptor[] } {
  const diffIds = layers.map(({ diffId }) => diffId)
  const configText = JSON.stringify({ ...platform, rootfs: { type: 'layers', diff_ids: diffIds } })
  const config = describe(configText, ociConfig)
  const descriptors = layers.map(({ body, mediaType }) => describe(body, mediaType))
  const text = JSON.stringify({ schemaVersion: 2, mediaType: ociManifest, config, layers: descriptors })
  const manifest = describe(text, ociManifest)
  const content: Content = new Map()
  for (const name of ['latest', manifest.digest])
    content.set(`manifests/${name}`, { type: ociManifest, body: text })
  content.set(`blobs/${config.digest}`, { type: 'application/octet-stream', body: configText })
  for (const [at, { digest }] of descriptors.entries()) {
    content.set(`blobs/${digest}`, { type: 'application/octet-stream', body: layers[at]!.body })
  }
  return { content, manifest, config, layers: descriptors }
}

/** A well-behaved registry for the repository `x`, ranges included. */
export const honest =
  (content: Content): Handler =>
  (request, response) => {
    const found = content.get(request.url?.replace('/v2/x/', '') ?? '')
    if (found === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' })
      response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
      return
    }
    const body = Buffer.from(found.body)
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    response.writeHead(from > 0 ? 206 : 200, {
      'content-type': found.type,
      'content-length': body.length - from,
      ...(from > 0 && { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` }),
    })
    response.end(body.subarray(from))
  }

/** Sends the first `bytes` of a blob under its full length, then cuts the connection. */
export function cutAfter(response: ServerResponse, body: Uint8Array, bytes: number): void {
  response.writeHead(200, { 'content-length': body.length })
  response.write(body.subarray(0, bytes), () => setTimeout(() => response.destroy(), 20))
}
