/**
 * Whom to trust on a TLS connection: the host's own CAs, and those an administrator gave for one registry in a folder
 * `certs.d/HOST[:PORT]` (docker "Verify repository client with certificates", containers-certs.d(5)).
 */
import { readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { RegistryError } from '../../errors.ts'

export interface Tls {
  ca?: string[]
  /** A client certificate and its key. */
  cert?: string
  key?: string
  rejectUnauthorized?: boolean
}

const folders = (): string[] => [
  join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'containers/certs.d'),
  '/etc/containers/certs.d',
  '/etc/docker/certs.d',
]

/** Where distributions keep the host's CAs, as Go's crypto/x509 looks for them. */
const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

function readBundle(): string | undefined {
  const { SSL_CERT_FILE: named } = process.env
  for (const path of named ? [named] : systemBundles) {
    try {
      return readFileSync(path, 'latin1')
    } catch {
      // The next one; an image of this machine may have none at all.
    }
  }
  return undefined
}

/** The runtime's own list is Mozilla's, frozen at its release: what the host says is newer, and has the company's CA. */
const systemCertificates = (): string[] => {
  const bundle = readBundle()
  return bundle === undefined ? [...rootCertificates] : [bundle]
}

function listFolder(path: string): string[] | undefined {
  try {
    return readdirSync(path)
  } catch {
    return undefined
  }
}

const known = new Map<string, Tls>()

/**
 * What TLS to `host` (with its port, if it has one) needs. With an own CA the certificate is checked even where
 * `isInsecure` would let anything pass.
 * @throws RegistryError for a client certificate without its key, or the reverse
 */
export function tlsFor(host: string, isInsecure: boolean): Tls {
  const key = `${host} ${isInsecure}`
  const found = known.get(key) ?? readTls(host, isInsecure)
  known.set(key, found)
  return found
}

function readTls(host: string, isInsecure: boolean): Tls {
  for (const folder of folders()) {
    const path = join(folder, host)
    const names = listFolder(path)
    if (names === undefined) continue
    const read = (name: string): string => readFileSync(join(path, name), 'latin1')
    const own = names.filter((name) => name.endsWith('.crt')).map(read)
    const certificate = names.find((name) => name.endsWith('.cert'))
    const keyName = certificate?.replace(/\.cert$/, '.key') ?? names.find((name) => name.endsWith('.key'))
    if (keyName !== undefined && (certificate === undefined || !names.includes(keyName))) {
      const [has, lacks] = certificate === undefined ? [keyName, '.cert'] : [certificate, '.key']
      throw new RegistryError(
        `Cannot use the client certificate in ${path}: ${has} has no ${lacks} beside it`,
      )
    }
    return {
      ...(isInsecure && own.length === 0
        ? { rejectUnauthorized: false }
        : { ca: [...systemCertificates(), ...own] }),
      ...(certificate !== undefined && { cert: read(certificate), key: read(keyName!) }),
    }
  }
  return isInsecure ? { rejectUnauthorized: false } : { ca: systemCertificates() }
}
