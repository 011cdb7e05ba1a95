/** One manifest or index, whole and verified (distribution-spec "Pulling manifests"). */
import { RegistryError } from '../../errors.ts'
import type { Descriptor } from '../content.ts'
import { largestDocumentBytes } from '../manifest.ts'
import { indexTypes, manifestTypes, schema1Types } from '../media-type.ts'
import { printable } from '../printable.ts'
import { familiarName, type Reference } from '../reference.ts'
import { digestOf, verify } from '../verify.ts'
import type { Get } from './blob.ts'
import { readAll } from './http.ts'

const accepted = [...indexTypes, ...manifestTypes]

export async function readManifest(
  get: Get,
  tagOrDigest: string,
  reference: Reference,
): Promise<{ descriptor: Descriptor; content: Uint8Array }> {
  const isDigest = tagOrDigest.includes(':')
  const what = isDigest ? `manifest ${tagOrDigest}` : `tag "${tagOrDigest}"`
  const answer = await get(`manifests/${tagOrDigest}`, { accept: accepted.join(', ') }, what)
  const refuse = (fact: string): RegistryError =>
    new RegistryError(`Cannot pull ${what} of ${familiarName(reference)}: ${fact}`)

  const mediaType = answer.headers.get('content-type')?.split(';', 1)[0]?.trim() ?? ''
  if (!accepted.includes(mediaType)) {
    await answer.body.return()
    if (schema1Types.includes(mediaType)) {
      throw refuse(
        'it is in the format of 2014 (schema 1), which proves nothing; push it anew with a current tool',
      )
    }
    const sent = mediaType === '' ? 'something without a type' : `"${printable(mediaType)}"`
    throw refuse(`${answer.url.host} sent ${sent}, not an image manifest; is it a registry?`)
  }
  const content = await readAll(answer, largestDocumentBytes)
  if (content === undefined) throw refuse('it is larger than 4 MiB')

  const digest = isDigest ? tagOrDigest : (answer.headers.get('docker-content-digest') ?? digestOf(content))
  const descriptor = { mediaType, digest, size: content.length }
  const algorithm = digest.split(':', 1)[0] === 'sha512' ? 'sha512' : 'sha256'
  verify(descriptor, 'manifest', { digest: digestOf(content, algorithm), size: content.length })
  return { descriptor, content }
}
