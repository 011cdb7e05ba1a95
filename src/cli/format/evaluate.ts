/** A template and its data become text, as text/template's exec.go does it. */
import { callFunction } from './call.ts'
import { readField } from './field.ts'
import { isTrue, Nil, printValue, sortedEntries } from './go-value.ts'
import {
  type Command,
  type Node,
  type Operand,
  type Pipe,
  printCommand,
  printOperand,
  printPipe,
  type Template,
} from './node.ts'
import { TemplateExecutionError } from './template-error.ts'

export interface TemplateOptions {
  /** Functions that stand in for the ones of the same name. */
  functions?: Readonly<Record<string, (...args: never[]) => unknown>>
  /** A map without the key that is asked for: an error, instead of no value. */
  missingKeyFails?: boolean
}

/** @throws TemplateExecutionError */
export function evaluateTemplate(template: Template, options: TemplateOptions, data: unknown): string {
  const run = new Run(template, options, data)
  run.nodes(template.nodes, data)
  return run.output
}

/** What a pipeline hands to its next command; there may be none. */
const none = Symbol('no argument')
const deepest = 1000

type Control = Node & { is: 'if' | 'with' | 'range' }
type Jump = 'break' | 'continue' | undefined

class Run {
  output = ''
  private readonly template: Template
  private readonly options: TemplateOptions
  private variables: { name: string; value: unknown }[]
  private depth = 0

  constructor(template: Template, options: TemplateOptions, data: unknown) {
    this.template = template
    this.options = options
    this.variables = [{ name: '$', value: data }]
  }

  nodes(nodes: readonly Node[], dot: unknown): Jump {
    for (const node of nodes) {
      const jump = this.node(node, dot)
      if (jump !== undefined) return jump
    }
    return undefined
  }

  private node(node: Node, dot: unknown): Jump {
    switch (node.is) {
      case 'text':
        this.output += node.text
        return undefined
      case 'break':
      case 'continue':
        return node.is
      case 'action': {
        const value = this.pipe(node.pipe, dot)
        if (node.pipe.variables.length === 0)
          this.output += value === undefined ? '<no value>' : printValue(value)
        return undefined
      }
      case 'template':
        this.call(node, dot)
        return undefined
      case 'range':
        return this.scoped(() => this.range(node, dot))
      default:
        return this.scoped(() => {
          const value = this.pipe(node.pipe, dot)
          if (isTrue(value)) return this.nodes(node.then, node.is === 'with' ? value : dot)
          return this.nodes(node.otherwise ?? [], dot)
        })
    }
  }

  private scoped(work: () => Jump): Jump {
    const known = this.variables.length
    const jump = work()
    this.variables.length = known
    return jump
  }

  private call(node: Node & { is: 'template' }, dot: unknown): void {
    const nodes = this.template.defined.get(node.name)
    const name = JSON.stringify(node.name)
    const context = `{{template ${name}${node.pipe ? ` ${printPipe(node.pipe)}` : ''}}}`
    if (nodes === undefined) this.fail(node.at, context, `template ${name} not defined`)
    const data = node.pipe && this.pipe(node.pipe, dot)
    if (++this.depth > deepest) this.fail(node.at, context, 'exceeded maximum template depth (100000)')
    const outer = this.variables
    this.variables = [{ name: '$', value: data }]
    this.nodes(nodes, data)
    this.variables = outer
    this.depth--
  }

  private range(node: Control, dot: unknown): Jump {
    const value = this.pipe(node.pipe, dot, false)
    const entries = this.entries(node, value)
    if (entries.length === 0) return this.nodes(node.otherwise ?? [], dot)
    const [first, second] = node.pipe.variables
    for (const [key, one] of entries) {
      const known = this.variables.length
      if (second !== undefined) this.setAll(node.pipe, [first!, second], [key, one])
      else if (first !== undefined) this.setAll(node.pipe, [first], [one])
      const jump = this.nodes(node.then, one)
      this.variables.length = known
      if (jump === 'break') break
    }
    return undefined
  }

  private entries(node: Control, value: unknown): [key: unknown, value: unknown][] {
    if (Array.isArray(value)) return value.map((one, i) => [i, one])
    if (value instanceof Map) return sortedEntries(value)
    if (value === undefined || value instanceof Nil) return []
    if (typeof value === 'number' && Number.isInteger(value)) {
      return Array.from({ length: Math.max(0, value) }, (_, i) => [i, i])
    }
    return this.fail(node.pipe.at, printPipe(node.pipe), `range can't iterate over ${printValue(value)}`)
  }

  private setAll({ assigns }: Pipe, names: readonly string[], values: readonly unknown[]): void {
    for (const [i, name] of names.entries()) {
      const known = assigns ? this.variables.findLast((variable) => variable.name === name) : undefined
      if (known) known.value = values[i]
      else this.variables.push({ name, value: values[i] })
    }
  }

  private pipe(pipe: Pipe, dot: unknown, declares = true): unknown {
    let value: unknown = none
    for (const command of pipe.commands) value = this.command(command, dot, value)
    if (declares) this.setAll(pipe, pipe.variables, Array(pipe.variables.length).fill(value))
    return value
  }

  private command(command: Command, dot: unknown, last: unknown): unknown {
    const [first, ...rest] = command.operands
    if (first === undefined) return undefined
    const given = last === none ? rest.length : rest.length + 1
    if (first.is === 'identifier') return this.function(first, rest, dot, last, printCommand(command))
    if (first.is === 'nil') this.failAt(first, 'nil is not a command')
    const isCallable = first.is === 'field' || first.is === 'variable' || first.is === 'chain'
    if (given > 0 && !isCallable) {
      this.failAt(first, `can't give argument to non-function ${printOperand(first)}`)
    }
    const args = (): unknown[] => {
      const values = rest.map((operand) => this.operand(operand, dot))
      return last === none ? values : [...values, last]
    }
    return this.operand(first, dot, given > 0 ? args : undefined)
  }

  private function(
    name: Operand & { is: 'identifier' },
    operands: readonly Operand[],
    dot: unknown,
    last: unknown,
    command = name.name,
  ): unknown {
    return callFunction(
      name.name,
      {
        operands,
        value: (operand) => this.operand(operand, dot),
        ...(last !== none && { last }),
        fail: (fact, operand = name) => this.failAt(operand, fact),
        failed: (fact) => this.fail(name.at, command, fact),
      },
      this.options.functions?.[name.name] as ((...args: unknown[]) => unknown) | undefined,
    )
  }

  private operand(operand: Operand, dot: unknown, args?: () => unknown[]): unknown {
    switch (operand.is) {
      case 'dot':
        return dot
      case 'nil':
        return undefined
      case 'bool':
      case 'number':
      case 'string':
        return operand.value
      case 'field':
        return this.fields(operand, dot, operand.names, args)
      case 'variable': {
        const value = this.variables.findLast(({ name }) => name === operand.name)?.value
        if (args && operand.names.length === 0) {
          return this.failAt(operand, `can't give argument to non-function ${operand.name}`)
        }
        return this.fields(operand, value, operand.names, args)
      }
      case 'chain':
        if (operand.of.is === 'nil')
          this.failAt(operand, `indirection through explicit nil in ${printOperand(operand)}`)
        return this.fields(operand, this.operand(operand.of, dot), operand.names, args)
      case 'identifier':
        return this.function(operand, [], dot, none)
      case 'pipe':
        return this.pipe(operand.pipe, dot)
    }
  }

  private fields(operand: Operand, from: unknown, names: readonly string[], args?: () => unknown[]): unknown {
    let value = from
    for (const [i, name] of names.entries()) {
      value = readField(value, name, {
        ...(args && i === names.length - 1 && { args }),
        missingKeyFails: this.options.missingKeyFails ?? false,
        fail: (fact) => this.failAt(operand, fact),
      })
    }
    return value
  }

  private failAt(operand: Operand, fact: string): never {
    this.fail(operand.at, printOperand(operand), fact)
  }

  private fail(at: number, context: string, fact: string): never {
    const before = this.template.text.slice(0, at)
    const line = before.split('\n').length
    const column = new TextEncoder().encode(before.slice(before.lastIndexOf('\n') + 1)).length
    throw new TemplateExecutionError(`${line}:${column}`, context, fact)
  }
}
