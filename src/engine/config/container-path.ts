/** Absolute paths as text, without looking at any file system (the containers' are resolved in-root by the plan). */
import { UsageError } from '../../errors.ts'

/** `/a/./b//../c/` -> `/a/c`; nothing leads above `/`. */
export function cleanPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** Where a mount or a device goes inside the container. @throws UsageError with Docker's words */
export function parseDestination(path: string): string {
  if (!path.startsWith('/')) {
    throw new UsageError(`invalid mount path: '${path}' mount path must be absolute`)
  }
  const clean = cleanPath(path)
  if (clean === '/') throw new UsageError(`invalid specification: destination can't be '/'`)
  return clean
}

/** How many folders deep: parents are mounted before what is in them. */
export const pathDepth = (path: string): number => path.split('/').length
