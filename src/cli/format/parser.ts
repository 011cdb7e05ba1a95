/** From words to a tree, as text/template/parse (parse.go) does it, with its error words. */
import { unquote } from './constant.ts'
import { Cursor } from './cursor.ts'
import type { Node, Template } from './node.ts'
import { PipelineReader } from './pipeline.ts'

/**
 * @param functions the names that may be called
 * @throws TemplateError
 */
export function parseTemplate(text: string, functions: { has(name: string): boolean }): Template {
  return new Parser(text, functions).template()
}

type Ending = 'end' | 'else' | 'text ends'

class Parser {
  private readonly text: string
  private readonly cursor: Cursor
  private readonly pipelines: PipelineReader
  private loops = 0
  private readonly defined = new Map<string, readonly Node[]>()

  constructor(text: string, functions: { has(name: string): boolean }) {
    this.text = text
    this.cursor = new Cursor(text)
    this.pipelines = new PipelineReader(this.cursor, functions)
  }

  template(): Template {
    const nodes: Node[] = []
    for (;;) {
      const ending = this.list(nodes)
      if (ending === 'text ends') return { text: this.text, nodes, defined: this.defined }
      this.cursor.fail(`unexpected {{${ending}}}`)
    }
  }

  /** Reads up to `{{end}}`, `{{else`, or where the text ends. */
  private list(nodes: Node[]): Ending {
    for (;;) {
      const token = this.cursor.take()
      if (token.kind === 'end') return 'text ends'
      if (token.kind === 'text') {
        nodes.push({ is: 'text', at: token.at, text: token.text })
        continue
      }
      const { kind, text } = this.cursor.skipSpace()
      if (kind === 'keyword' && text === 'end') {
        this.cursor.take()
        this.cursor.expect('right', 'end')
        return 'end'
      }
      if (kind === 'keyword' && text === 'else') {
        this.cursor.take()
        return 'else'
      }
      const node = this.action(token.at)
      if (node !== undefined) nodes.push(node)
    }
  }

  private action(at: number): Node | undefined {
    const { kind, text } = this.cursor.peek()
    if (kind === 'keyword' && text !== 'nil') {
      this.cursor.take()
      if (text === 'if' || text === 'with' || text === 'range') return this.control(text, at)
      if (text === 'break' || text === 'continue') return this.jump(text, at)
      if (text === 'template') return this.call()
      return this.define(text as 'block' | 'define', at)
    }
    return { is: 'action', at, pipe: this.pipelines.read('command', 'right') }
  }

  private jump(word: 'break' | 'continue', at: number): Node {
    if (this.cursor.skipSpace().kind !== 'right') this.cursor.unexpected(this.cursor.peek(), `{{${word}}}`)
    this.cursor.take()
    if (this.loops === 0) this.cursor.fail(`{{${word}}} outside {{range}}`)
    return { is: word, at }
  }

  private control(word: 'if' | 'with' | 'range', at: number): Node {
    const known = this.pipelines.variables.length
    const pipe = this.pipelines.read(word, 'right')
    const then: Node[] = []
    if (word === 'range') this.loops++
    const ending = this.list(then)
    if (word === 'range') this.loops--
    if (ending === 'text ends') this.cursor.fail('unexpected EOF')
    const otherwise = ending === 'else' ? this.otherwise(word, at) : undefined
    this.pipelines.variables.length = known
    return { is: word, at, pipe, then, otherwise }
  }

  private otherwise(word: 'if' | 'with' | 'range', at: number): Node[] {
    // `{{else if x}}` is `{{else}}{{if x}}` with one `{{end}}` for both.
    this.cursor.skipSpace()
    if (word !== 'range' && this.cursor.isKeyword(word)) {
      this.cursor.take()
      return [this.control(word, at)]
    }
    this.cursor.expect('right', 'else')
    const nodes: Node[] = []
    const ending = this.list(nodes)
    if (ending === 'text ends') this.cursor.fail('unexpected EOF')
    if (ending === 'else') this.cursor.fail('expected end; found {{else}}')
    return nodes
  }

  private templateName(context: string): string {
    const token = this.cursor.skipSpace()
    if (token.kind !== 'string' && token.kind !== 'rawString') this.cursor.unexpected(token, context)
    this.cursor.take()
    return unquote(token.text) ?? this.cursor.fail('invalid syntax')
  }

  private call(): Node {
    const { at } = this.cursor.skipSpace()
    const name = this.templateName('template clause')
    if (this.cursor.skipSpace().kind === 'right') {
      this.cursor.take()
      return { is: 'template', at, name, pipe: undefined }
    }
    return { is: 'template', at, name, pipe: this.pipelines.read('template clause', 'right') }
  }

  private define(word: 'block' | 'define', at: number): Node | undefined {
    const name = this.templateName(`${word} clause`)
    const pipe = word === 'block' ? this.pipelines.read('block clause', 'right') : undefined
    if (word === 'define') this.cursor.expect('right', 'define clause')
    const outer = this.pipelines.variables
    this.pipelines.variables = ['$']
    const nodes: Node[] = []
    const ending = this.list(nodes)
    this.pipelines.variables = outer
    if (ending !== 'end')
      this.cursor.fail(ending === 'else' ? 'unexpected {{else}} in define clause' : 'unexpected EOF')
    this.defined.set(name, nodes)
    return word === 'block' ? { is: 'template', at, name, pipe } : undefined
  }
}
