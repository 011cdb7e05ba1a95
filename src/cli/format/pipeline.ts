/** Pipelines: `$x := index .Labels "a" | printf "%q"`, their commands and operands. */
import { parseNumber, unquote } from './constant.ts'
import type { Cursor } from './cursor.ts'
import type { Token, TokenKind } from './lexer.ts'
import { type Command, type Operand, type Pipe, printOperand } from './node.ts'

export class PipelineReader {
  /** The names that are known here; a control structure forgets what was declared in it. */
  variables = ['$']
  private readonly cursor: Cursor
  private readonly functions: { has(name: string): boolean }

  constructor(cursor: Cursor, functions: { has(name: string): boolean }) {
    this.cursor = cursor
    this.functions = functions
  }

  read(context: string, until: 'right' | 'closeParen'): Pipe {
    const at = this.cursor.skipSpace().at
    const { variables, assigns } = this.declarations(context)
    const commands: Command[] = []
    for (;;) {
      const token = this.cursor.skipSpace()
      if (token.kind === until) {
        this.cursor.take()
        this.checkPipe(commands, context)
        return { at, variables, assigns, commands }
      }
      if (token.kind === 'keyword' && token.text !== 'nil') this.cursor.unexpected(token, context)
      if (startsOperand(token)) commands.push(this.command())
      else this.cursor.unexpected(token, context)
    }
  }

  private checkPipe(commands: readonly Command[], context: string): void {
    if (commands.length === 0) this.cursor.fail(`missing value for ${context}`)
    for (const [i, { operands }] of commands.entries()) {
      const [first] = operands
      if (i > 0 && first !== undefined && ['bool', 'dot', 'nil', 'number', 'string'].includes(first.is)) {
        this.cursor.fail(`non executable command in pipeline stage ${i + 1}`)
      }
    }
  }

  /** `$x :=`, `$i, $x :=` (of range), `$x =`. */
  private declarations(context: string): Pick<Pipe, 'variables' | 'assigns'> {
    const variables: string[] = []
    for (
      let from = this.cursor.mark();
      this.cursor.skipSpace().kind === 'variable';
      from = this.cursor.mark()
    ) {
      const name = this.cursor.take().text
      const { kind } = this.cursor.skipSpace()
      if (kind === 'declare' || kind === 'assign') {
        this.cursor.take()
        variables.push(name)
        if (kind === 'declare') this.variables.push(...variables)
        else for (const assigned of variables) this.checkVariable(assigned)
        return { variables, assigns: kind === 'assign' }
      }
      if (kind === 'comma') {
        this.cursor.take()
        if (context !== 'range' || variables.length > 0)
          this.cursor.fail(`too many declarations in ${context}`)
        variables.push(name)
        continue
      }
      if (variables.length > 0) this.cursor.fail(`range can only initialize variables`)
      // It was an operand.
      this.cursor.back(from)
      break
    }
    return { variables, assigns: false }
  }

  private command(): Command {
    const { at } = this.cursor.peek()
    const operands: Operand[] = []
    for (;;) {
      this.cursor.skipSpace()
      const operand = this.operand()
      if (operand !== undefined) operands.push(operand)
      const token = this.cursor.peek()
      if (token.kind === 'space') {
        this.cursor.take()
        continue
      }
      if (token.kind === 'pipe') {
        this.cursor.take()
      } else if (token.kind !== 'right' && token.kind !== 'closeParen')
        this.cursor.unexpected(token, 'operand')
      if (operands.length === 0) this.cursor.fail('empty command')
      return { at, operands }
    }
  }

  private operand(): Operand | undefined {
    const term = this.term()
    if (term === undefined) return undefined
    let { at } = term
    const names: string[] = []
    if (this.cursor.peek().kind === 'field') at = this.cursor.peek().at
    while (this.cursor.peek().kind === 'field') names.push(this.cursor.take().text.slice(1))
    if (names.length === 0) return term
    if (term.is === 'field' || term.is === 'variable')
      return { ...term, at, names: [...term.names, ...names] }
    if (term.is === 'chain' || term.is === 'pipe' || term.is === 'identifier')
      return { is: 'chain', at, of: term, names }
    return this.cursor.fail(`unexpected . after term ${JSON.stringify(printOperand(term))}`)
  }

  private checkVariable(name: string): void {
    if (!this.variables.includes(name)) this.cursor.fail(`undefined variable ${JSON.stringify(name)}`)
  }

  private term(): Operand | undefined {
    const token = this.cursor.skipSpace()
    if (!startsOperand(token)) return undefined
    this.cursor.take()
    const { at, text } = token
    switch (token.kind) {
      case 'dot':
        return { is: 'dot', at }
      case 'keyword':
        return { is: 'nil', at }
      case 'bool':
        return { is: 'bool', at, value: text === 'true' }
      case 'field':
        return { is: 'field', at, names: [text.slice(1)] }
      case 'variable':
        this.checkVariable(text)
        return { is: 'variable', at, name: text, names: [] }
      case 'identifier':
        if (!this.functions.has(text)) this.cursor.fail(`function ${JSON.stringify(text)} not defined`)
        return { is: 'identifier', at, name: text }
      case 'openParen':
        return { is: 'pipe', at, pipe: this.read('parenthesized pipeline', 'closeParen') }
      default:
        return this.constant(token)
    }
  }

  private constant({ kind, text, at }: Token): Operand {
    if (kind === 'number') {
      const value = parseNumber(text)
      return value === undefined
        ? this.cursor.fail(`bad number syntax: ${JSON.stringify(text)}`)
        : { is: 'number', at, value, text }
    }
    const value = unquote(text)
    if (value === undefined) this.cursor.fail('invalid syntax')
    return kind === 'char'
      ? { is: 'number', at, value: value.codePointAt(0) ?? 0, text }
      : { is: 'string', at, value, text }
  }
}

const operandKinds: ReadonlySet<TokenKind> = new Set(
  'bool char dot field identifier number openParen rawString string variable'.split(' ') as TokenKind[],
)

const startsOperand = ({ kind, text }: Token): boolean =>
  operandKinds.has(kind) || (kind === 'keyword' && text === 'nil')
