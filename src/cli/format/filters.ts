/** `--filter name=value`: values of one name are alternatives, names must all hold (moby api/types/filters). */
import { StateError, UsageError } from '../../errors.ts'

export type Filter = readonly [name: string, value: string]

/** For a row in a table of flags. @throws UsageError with Docker's words */
export function parseFilter(text: string): Filter {
  const equals = text.indexOf('=')
  if (equals < 0) throw new UsageError('bad format of filter (expected name=value)')
  return [text.slice(0, equals).trim().toLowerCase(), text.slice(equals + 1).trim()]
}

export class Filters {
  private readonly values = new Map<string, string[]>()

  /** @param known the names that there are. @throws StateError for another */
  constructor(filters: readonly Filter[], known: readonly string[]) {
    for (const [name, value] of filters) {
      if (!known.includes(name)) throw new StateError(`invalid filter '${name}'`)
      this.values.set(name, [...(this.values.get(name) ?? []), value])
    }
  }

  has(name: string): boolean {
    return this.values.has(name)
  }

  get(name: string): readonly string[] {
    return this.values.get(name) ?? []
  }

  /** No value was given, or one of them is this. */
  is(name: string, source: string): boolean {
    return this.any(name, (value) => value === source)
  }

  /** No value was given, or one of them holds. */
  any(name: string, holds: (value: string) => boolean): boolean {
    return this.values.get(name)?.some(holds) ?? true
  }

  /** As a regular expression, found anywhere. */
  matches(name: string, source: string): boolean {
    return this.any(name, (value) => value === source || asPattern(value).test(source))
  }

  /** Every `label=key` and `label=key=value` holds; `label!` says which must not. */
  labels(labels: Readonly<Record<string, string>>): boolean {
    return this.get('label').every(hasLabel(labels)) && !this.get('label!').some(hasLabel(labels))
  }

  /** `true` and `1`, `false` and `0`. @throws StateError for another */
  boolean(name: string, otherwise: boolean): boolean {
    const values = this.get(name)
    if (values.length === 0) return otherwise
    const isTrue = values.some((value) => value === 'true' || value === '1')
    const isFalse = values.some((value) => value === 'false' || value === '0')
    if (isTrue === isFalse) throw new StateError(`invalid filter '${name}=${JSON.stringify(values)}'`)
    return isTrue
  }
}

const hasLabel =
  (labels: Readonly<Record<string, string>>) =>
  (wanted: string): boolean => {
    const equals = wanted.indexOf('=')
    const key = equals < 0 ? wanted : wanted.slice(0, equals)
    return Object.hasOwn(labels, key) && (equals < 0 || labels[key] === wanted.slice(equals + 1))
  }

/** Bytes that mean nothing as a pattern stand for themselves. */
function asPattern(value: string): RegExp {
  try {
    return new RegExp(value)
  } catch {
    return new RegExp(value.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  }
}
