/** What `inspect` prints (docker/cli cli/command/inspect): a JSON list, or a template executed on each element. */
import { StateError } from '../../errors.ts'
import { compileTemplate } from './evaluate.ts'
import { goJson } from './go-value.ts'
import { TemplateError, TemplateExecutionError } from './template-error.ts'

const asStateError = (cause: unknown): unknown =>
  cause instanceof TemplateError || cause instanceof TemplateExecutionError
    ? new StateError(`template parsing error: ${cause.message}`, { cause })
    : cause

/**
 * The text for what was found.
 * @param format absent: indented JSON; `json`: on one line; else a template
 * @throws StateError with Docker's words for a template that makes no sense
 */
export function printInspected(elements: readonly object[], format: string | undefined): string {
  if (format === undefined || format === '') {
    return elements.length === 0 ? '[]' : goJson(elements, '    ')
  }
  if (format === 'json') return goJson(elements)
  try {
    const template = compileTemplate(format)
    return elements.map((element) => `${template.execute(element)}\n`).join('') || '\n'
  } catch (cause) {
    throw asStateError(cause)
  }
}
