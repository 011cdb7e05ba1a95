/** A template, read once and executed for each of many values. */
import { functions } from './call.ts'
import { evaluateTemplate, type TemplateOptions } from './evaluate.ts'
import type { Template } from './node.ts'
import { parseTemplate } from './parser.ts'

export interface CompiledTemplate {
  /** Of a template that only names fields of its data, as most do: texts and names in turn; else undefined. */
  readonly fields: readonly { readonly text: string; readonly name?: string }[] | undefined
  /** @throws TemplateExecutionError */
  execute(data: unknown): string
}

/** @throws TemplateError */
export function compileTemplate(text: string): CompiledTemplate & {
  executeWith(data: unknown, options: TemplateOptions): string
} {
  const template = parseTemplate(text, functions)
  const executeWith = (data: unknown, options: TemplateOptions): string =>
    evaluateTemplate(template, options, data)
  return { execute: (data) => executeWith(data, {}), executeWith, fields: plainFields(template) }
}

function plainFields({ nodes }: Template): CompiledTemplate['fields'] {
  const fields: { text: string; name?: string }[] = []
  for (const node of nodes) {
    if (node.is === 'text') {
      fields.push({ text: node.text })
      continue
    }
    if (node.is !== 'action' || node.pipe.variables.length > 0 || node.pipe.commands.length !== 1)
      return undefined
    const [operand, ...more] = node.pipe.commands[0]!.operands
    const name = operand?.is === 'field' && operand.names.length === 1 ? operand.names[0] : undefined
    if (name === undefined || more.length > 0) return undefined
    fields.push({ text: '', name })
  }
  return fields
}
