/**
 * Who we are to a registry: logins as `docker login`, `podman login` and `tinyctr login` leave them.
 *
 * Read in this order, the first that knows the registry counts: $REGISTRY_AUTH_FILE, Docker's config.json, podman's
 * auth.json. Written to the first of these that the user named, else to Docker's: every tool reads that one.
 */
import { mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { RegistryError } from '../../errors.ts'
import {
  type AuthFile,
  hasEntry,
  helperFor,
  parseAuthFile,
  serverKey,
  storedCredentials,
  withEntry,
} from './auth-file.ts'
import { eraseFromHelper, getFromHelper, storeInHelper } from './credential-helper.ts'

export interface Credentials {
  username: string
  password: string
  /** An OAuth2 refresh token, in place of the password. */
  identityToken?: string
}

function dockerFile(): string {
  return join(process.env.DOCKER_CONFIG || join(homedir(), '.docker'), 'config.json')
}

function authFiles(): string[] {
  const { REGISTRY_AUTH_FILE: named, XDG_RUNTIME_DIR: runtime, XDG_CONFIG_HOME: config } = process.env
  return [
    ...(named ? [named] : []),
    dockerFile(),
    join(runtime || `/run/user/${process.getuid?.() ?? 0}`, 'containers/auth.json'),
    // Where podman keeps root's.
    ...(runtime ? [] : [`/run/containers/${process.getuid?.() ?? 0}/auth.json`]),
    join(config || join(homedir(), '.config'), 'containers/auth.json'),
  ]
}

async function readAuthFile(path: string): Promise<AuthFile> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return {}
    throw new RegistryError(`Cannot read logins from ${path}: ${(cause as Error).message}`, { cause })
  }
  try {
    return text.trim() === '' ? {} : parseAuthFile(text)
  } catch (cause) {
    throw new RegistryError(`Cannot read logins from ${path}: it is not valid JSON`, { cause })
  }
}

/** The user's login for the repository `path` of `domain`; undefined: anonymous. @throws RegistryError */
export async function readCredentials(domain: string, path = ''): Promise<Credentials | undefined> {
  for (const name of authFiles()) {
    const file = await readAuthFile(name)
    const helper = helperFor(file, domain)
    const found =
      (helper === undefined ? undefined : await getFromHelper(helper, serverKey(domain))) ??
      storedCredentials(file, domain, path)
    if (found !== undefined) return found
  }
  return undefined
}

/** Replaces the file whole, readable by its owner only; a symlink to it stays one. */
async function writeAuthFile(path: string, file: AuthFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const target = await realpath(path).catch(() => path)
  const temporary = `${target}.${process.pid}`
  try {
    await writeFile(temporary, `${JSON.stringify(file, null, '\t')}\n`, { mode: 0o600, flag: 'wx' })
    await rename(temporary, target)
  } finally {
    await rm(temporary, { force: true })
  }
}

/**
 * Keeps a login for `domain`, with the credential helper that the file names, or else in the file itself.
 * @returns the file, and the helper if there is one
 */
export async function saveCredentials(
  domain: string,
  login: Credentials,
): Promise<{ path: string; helper: string | undefined }> {
  const path = process.env.REGISTRY_AUTH_FILE || dockerFile()
  const file = await readAuthFile(path)
  const helper = helperFor(file, domain)
  if (helper === undefined) {
    const { username, password, identityToken } = login
    const auth = Buffer.from(`${username}:${password}`).toString('base64')
    const entry = { auth, ...(identityToken && { identitytoken: identityToken }) }
    await writeAuthFile(path, withEntry(file, domain, entry))
  } else {
    await storeInHelper(helper, serverKey(domain), login)
    // Empty: so that the file says which registries have a login, as Docker's does.
    await writeAuthFile(path, withEntry(file, domain, {}))
  }
  return { path, helper }
}

/** Forgets the login for `domain` wherever it is kept. @returns whether there was one */
export async function removeCredentials(domain: string): Promise<boolean> {
  let wasThere = false
  for (const path of authFiles()) {
    const file = await readAuthFile(path)
    const helper = helperFor(file, domain)
    if (helper !== undefined && (await getFromHelper(helper, serverKey(domain))) !== undefined) {
      await eraseFromHelper(helper, serverKey(domain))
      wasThere = true
    }
    if (!hasEntry(file, domain)) continue
    wasThere = true
    await writeAuthFile(path, withEntry(file, domain, undefined))
  }
  return wasThere
}
