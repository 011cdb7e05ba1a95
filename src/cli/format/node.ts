/** A template as a tree (text/template/parse, node.go), and its parts as Go prints them in errors. */

interface Placed {
  /** Where it begins, in UTF-16 units. */
  readonly at: number
}

export type Operand = Placed &
  (
    | { readonly is: 'dot' }
    | { readonly is: 'nil' }
    | { readonly is: 'bool'; readonly value: boolean }
    | { readonly is: 'number'; readonly value: number | bigint; readonly text: string }
    | { readonly is: 'string'; readonly value: string; readonly text: string }
    /** `.State.Health`: names from dot. */
    | { readonly is: 'field'; readonly names: readonly string[] }
    /** `$x.Name` */
    | { readonly is: 'variable'; readonly name: string; readonly names: readonly string[] }
    /** `(index .a 0).Name` */
    | { readonly is: 'chain'; readonly of: Operand; readonly names: readonly string[] }
    | { readonly is: 'identifier'; readonly name: string }
    | { readonly is: 'pipe'; readonly pipe: Pipe }
  )

export interface Command extends Placed {
  readonly operands: readonly Operand[]
}

export interface Pipe extends Placed {
  readonly variables: readonly string[]
  /** `=`, not `:=`. */
  readonly assigns: boolean
  readonly commands: readonly Command[]
}

export type Node = Placed &
  (
    | { readonly is: 'text'; readonly text: string }
    | { readonly is: 'action'; readonly pipe: Pipe }
    | {
        readonly is: 'if' | 'with' | 'range'
        readonly pipe: Pipe
        readonly then: readonly Node[]
        readonly otherwise: readonly Node[] | undefined
      }
    | { readonly is: 'break' | 'continue' }
    | { readonly is: 'template'; readonly name: string; readonly pipe: Pipe | undefined }
  )

export interface Template {
  readonly text: string
  readonly nodes: readonly Node[]
  /** `{{define "name"}}` */
  readonly defined: ReadonlyMap<string, readonly Node[]>
}

const dotted = (names: readonly string[]): string => names.map((name) => `.${name}`).join('')

export function printOperand(operand: Operand): string {
  switch (operand.is) {
    case 'dot':
      return '.'
    case 'nil':
      return 'nil'
    case 'bool':
      return String(operand.value)
    case 'number':
    case 'string':
      return operand.text
    case 'field':
      return dotted(operand.names)
    case 'variable':
      return operand.name + dotted(operand.names)
    case 'chain':
      return operand.of.is === 'pipe'
        ? `(${printPipe(operand.of.pipe)})${dotted(operand.names)}`
        : printOperand(operand.of) + dotted(operand.names)
    case 'identifier':
      return operand.name
    case 'pipe':
      return printPipe(operand.pipe)
  }
}

export const printCommand = ({ operands }: Command): string =>
  operands
    .map((operand) => (operand.is === 'pipe' ? `(${printOperand(operand)})` : printOperand(operand)))
    .join(' ')

export function printPipe({ variables, assigns, commands }: Pipe): string {
  const declared = variables.length === 0 ? '' : `${variables.join(', ')} ${assigns ? '=' : ':='} `
  return declared + commands.map(printCommand).join(' | ')
}
