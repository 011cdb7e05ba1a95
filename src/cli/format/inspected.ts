/** What `inspect` prints (docker/cli cli/command/inspect): a JSON list, or a template executed on each element. */
import { StateError } from '../../errors.ts'
import { goJson } from './go-value.ts'
import { compileTemplate } from './template.ts'
import { TemplateError, TemplateExecutionError } from './template-error.ts'

/**
 * The text for what was found.
 * @param format absent: indented JSON; `json`: on one line; else a template
 * @throws StateError with Docker's words for a template that makes no sense; one that cannot be read ends with 64
 */
export function printInspected(elements: readonly object[], format: string | undefined): string {
  if (format === undefined || format === '') {
    return elements.length === 0 ? '[]' : goJson(elements, '    ')
  }
  if (format === 'json') return goJson(elements)
  try {
    const template = compileTemplate(format)
    return elements.map((element) => `${execute(template, element)}\n`).join('') || '\n'
  } catch (cause) {
    const isUnreadable = cause instanceof TemplateError
    if (!isUnreadable && !(cause instanceof TemplateExecutionError)) throw cause
    const error = new StateError(`template parsing error: ${cause.message}`, { cause })
    throw isUnreadable ? Object.assign(error, { exitCode: 64 }) : error
  }
}

/** What the types do not have may be in the JSON: Docker tries both, and complains of the second. */
function execute(template: ReturnType<typeof compileTemplate>, element: object): string {
  try {
    return template.execute(element)
  } catch (error) {
    if (!(error instanceof TemplateExecutionError)) throw error
    return template.executeWith(asMaps(JSON.parse(goJson(element))), { missingKeyFails: true })
  }
}

function asMaps(value: unknown): unknown {
  if (value === null) return undefined
  if (Array.isArray(value)) return value.map(asMaps)
  if (typeof value !== 'object') return value
  return new Map(Object.entries(value).map(([name, one]) => [name, asMaps(one)]))
}
