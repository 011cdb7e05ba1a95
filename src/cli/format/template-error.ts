import { StateError } from '../../errors.ts'

/** What is wrong with a template, in the words of Go's text/template. */
export class TemplateError extends Error {
  override name = 'TemplateError'

  constructor(fact: string, line: number) {
    super(`template: :${line}: ${fact}`)
  }
}

/** A template that was read, but says something of its data that does not hold. */
export class TemplateExecutionError extends Error {
  override name = 'TemplateExecutionError'

  /** @param place `1:8`; @param context the part of the template, as Go prints it */
  constructor(place: string, context: string, fact: string) {
    super(`template: :${place}: executing "" at <${context}>: ${fact}`)
  }
}

/** @throws StateError with Docker's words where a template does not do */
export function templateErrors<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof TemplateError || cause instanceof TemplateExecutionError)) throw cause
    throw new StateError(`template parsing error: ${cause.message}`, { cause })
  }
}
