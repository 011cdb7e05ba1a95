/** Debian's docker-registry on a free loopback port, its storage in a temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface Registry {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string
  readonly port: number
  /** Ends the process and removes its storage. */
  stop(): Promise<void>
}

/** Why tests of a registry must skip here; false where they can run. For `test(name, { skip })`. */
export const registryMissing: string | false = ['/usr/bin/docker-registry', '/usr/bin/skopeo'].every((path) =>
  existsSync(path),
)
  ? false
  : 'needs docker-registry and skopeo'

export interface RegistrySetup {
  /** Asks for the login of `registryUser`. */
  readonly login?: boolean
  /** Asks for a token of this server, which signs with the key of a certificate (PEM). */
  readonly token?: {
    readonly realm: string
    readonly service: string
    readonly issuer: string
    readonly cert: string
  }
  /** Speaks TLS with this certificate and key (PEM); `clientCa` asks for a client certificate too. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string }
}

export const registryUser = { username: 'alice', password: 'secret' }
/** htpasswd(1) of it, bcrypt: the one hash that docker-registry takes. */
const htpasswd = 'alice:$2b$12$awGYzVd3hVxlhN0v.KKDzuvc6YHq3iT2Z/VTvYyEMlOk6uRhF131a\n'

export async function startRegistry({ login, token, tls }: RegistrySetup = {}): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'tinyctr-registry-'))
  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(join(folder, name), content)
    return join(folder, name)
  }
  const auth = {
    ...(login && { htpasswd: { realm: 'test', path: await file('htpasswd', htpasswd) } }),
    ...(token && {
      token: {
        realm: token.realm,
        service: token.service,
        issuer: token.issuer,
        rootcertbundle: await file('token.crt', token.cert),
      },
    }),
  }
  const certificates = tls && {
    certificate: await file('tls.crt', tls.cert),
    key: await file('tls.key', tls.key),
    ...(tls.clientCa && { clientcas: [await file('clients.crt', tls.clientCa)] }),
  }
  // JSON is YAML. Port 0: the kernel picks one, so no other test can have it.
  const config = {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'storage') }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0', ...(certificates && { tls: certificates }) },
    ...((login || token) && { auth }),
  }
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config))
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH },
  })
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const port = await listeningPort(child)
    return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, port, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function listeningPort(child: ChildProcess): Promise<number> {
  const failure = once(child, 'error').then(([error]) => Promise.reject(error))
  const log: string[] = []
  const found = (async () => {
    for await (const line of createInterface({ input: child.stderr! })) {
      log.push(line)
      const port = /listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1]
      if (port !== undefined) return Number(port)
    }
    throw new Error(`Cannot start docker-registry: ${log.at(-1) ?? 'it said nothing'}`)
  })()
  const port = await Promise.race([found, failure])
  // A full pipe would stop it.
  child.stderr!.resume()
  return port
}
