/** How the names of the store are printed. */
import { familiarName, familiarReference, splitReference } from '../../image/reference.ts'
import { isNameless } from '../../image/store/names.ts'

/** `alpine:latest`, as Docker prints it. */
export const familiar = (reference: string): string =>
  isNameless(reference) ? reference : familiarReference(splitReference(reference))

/** Repository and tag, as the two columns of Docker's table. With a digest the tag says nothing. */
export function columnsOf(reference: string): [repository: string, tag: string] {
  if (isNameless(reference)) return ['<none>', '<none>']
  const parsed = splitReference(reference)
  return [familiarName(parsed), (parsed.digest === undefined ? parsed.tag : undefined) ?? '<none>']
}

/** `3c854c8cbf46` of `sha256:3c854c8cbf46...`. */
export const shortId = (digest: string): string => digest.slice(digest.indexOf(':') + 1).slice(0, 12)
