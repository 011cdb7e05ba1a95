/** The tags of a repository, page after page (distribution-spec "Listing Tags"). */
import { RegistryError } from '../../errors.ts'
import { printable } from '../printable.ts'
import { isTag } from '../reference.ts'
import type { Get } from './blob.ts'
import { readAll } from './http.ts'

/** More than any repository has: a registry must not keep us reading. */
const mostPages = 1000
const largestPageBytes = 4 * 1024 * 1024

export async function readTags(get: Get, repository: string): Promise<string[]> {
  const tags: string[] = []
  let next: string | undefined = 'tags/list?n=1000'
  const refuse = (fact: string): RegistryError =>
    new RegistryError(`Cannot list the tags of ${repository}: ${fact}`)
  for (let page = 0; next !== undefined; page++) {
    if (page === mostPages) throw refuse(`there are more than ${mostPages} pages`)
    const answer = await get(next, {}, 'list of tags')
    const body = await readAll(answer, largestPageBytes)
    let listed: unknown
    try {
      listed = (JSON.parse(body?.toString() ?? '') as { tags?: unknown }).tags ?? []
    } catch (cause) {
      throw new RegistryError(`Cannot list the tags of ${repository}: the registry sent no list`, { cause })
    }
    if (!Array.isArray(listed) || !listed.every((tag) => typeof tag === 'string')) {
      throw refuse('the registry sent something else')
    }
    // They become part of URLs and of names in the store.
    const odd = listed.find((tag) => !isTag(tag))
    if (odd !== undefined) throw refuse(`the registry has one that is none, "${printable(odd)}"`)
    tags.push(...listed)
    // Only where it goes on within this registry: a link elsewhere would take the login along.
    const link = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.headers.get('link') ?? '')?.[1]
    const url: URL | undefined = link === undefined ? undefined : new URL(link, answer.url)
    next = url === undefined || url.origin !== answer.url.origin ? undefined : url.href
  }
  return [...new Set(tags)]
}
