/** What people call an image, and under which names the store has it. */
import { familiarName, familiarReference, fullReference, parseReference } from '../image/reference.ts'
import { lookupImage } from '../image/snapshot.ts'
import type { ImageStore } from '../image/store.ts'

/** An image that was loaded without a name is stored under the digest of its manifest. */
export const isNameless = (reference: string): boolean => /^sha(?:256|512):/.test(reference)

/** `alpine:latest`, as Docker prints it. */
export const familiar = (reference: string): string =>
  isNameless(reference) ? reference : familiarReference(parseReference(reference))

/** Repository and tag, as the two columns of Docker's table. */
export function columnsOf(reference: string): [repository: string, tag: string] {
  if (isNameless(reference)) return ['<none>', '<none>']
  const parsed = parseReference(reference)
  return [familiarName(parsed), parsed.tag ?? '<none>']
}

/**
 * The store's names for what was typed: a name, or the first digits of an image id (then all its names).
 * @throws RegistryError for what is neither
 */
export function storedReferences(store: ImageStore, typed: string): string[] {
  const known = store.images().map(({ reference }) => reference)
  if (known.includes(typed)) return [typed]
  const digits = typed.replace(/^sha256:/, '')
  const isId = /^[a-f0-9]{4,64}$/.test(digits)
  if (!isId || !typed.startsWith('sha256:')) {
    const full = /^[a-f0-9]{64}$/.test(typed) ? '' : fullReference(parseReference(typed))
    if (known.includes(full)) return [full]
  }
  if (!isId) return []
  return known.filter((reference) => lookupImage(store.root, reference)?.id.startsWith(`sha256:${digits}`))
}
