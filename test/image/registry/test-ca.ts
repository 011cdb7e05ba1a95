/** A certificate authority for a test run, made by openssl, and an HTTPS server that it vouches for. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

export interface Pair {
  readonly cert: string
  readonly key: string
}

const missing: string | false = spawnSync('openssl', ['version']).status === 0 ? false : 'needs openssl'

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'tinyctr-ca-'))
  try {
    return work(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' })
const readPair = (folder: string): Pair => ({
  cert: readFileSync(`${folder}/cert`, 'utf8'),
  key: readFileSync(`${folder}/key`, 'utf8'),
})

function makeCa(): Pair {
  return inFolder((folder) => {
    openssl(
      'req',
      '-x509',
      ...curve,
      '-keyout',
      `${folder}/key`,
      '-out',
      `${folder}/cert`,
      '-subj',
      '/CN=test CA',
    )
    return readPair(folder)
  })
}

/** A certificate for this machine, or for a client, signed by `ca`. */
export function issue(ca: Pair, name = 'localhost'): Pair {
  return inFolder((folder) => {
    writeFileSync(`${folder}/ca`, ca.cert)
    writeFileSync(`${folder}/ca.key`, ca.key)
    writeFileSync(`${folder}/ext`, `subjectAltName=DNS:localhost,DNS:${name},IP:127.0.0.1,IP:::1`)
    openssl('req', ...curve, '-keyout', `${folder}/key`, '-out', `${folder}/csr`, '-subj', `/CN=${name}`)
    const signing = ['-CA', `${folder}/ca`, '-CAkey', `${folder}/ca.key`, '-CAcreateserial']
    openssl(
      'x509',
      '-req',
      '-in',
      `${folder}/csr`,
      ...signing,
      '-out',
      `${folder}/cert`,
      '-extfile',
      `${folder}/ext`,
    )
    return readPair(folder)
  })
}

let ca: Pair | undefined
export const testCa = {
  missing,
  get pair(): Pair {
    ca ??= makeCa()
    return ca
  },
}

/** Serves HTTPS on a free port until the test is over. */
export async function serveTls(
  t: TestContext,
  listener: RequestListener,
  options: ServerOptions = {},
): Promise<{ host: string }> {
  const server = createServer({ ...issue(testCa.pair), ...options }, listener)
  // Clients that turn away for want of trust are what is tested.
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}
