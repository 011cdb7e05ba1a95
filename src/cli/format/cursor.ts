/** A walk along a template's words, and what is said where one of them is wrong. */
import { lexTemplate, lineOf, type Token, type TokenKind } from './lexer.ts'
import { TemplateError } from './template-error.ts'

export class Cursor {
  private readonly text: string
  private readonly tokens: readonly Token[]
  private next = 0

  constructor(text: string) {
    this.text = text
    this.tokens = lexTemplate(text)
  }

  peek(): Token {
    return this.tokens[Math.min(this.next, this.tokens.length - 1)]!
  }

  take(): Token {
    const token = this.peek()
    this.next++
    return token
  }

  /** For `back`: what was taken since may be read again. */
  mark(): number {
    return this.next
  }

  back(mark: number): void {
    this.next = mark
  }

  skipSpace(): Token {
    while (this.peek().kind === 'space') this.next++
    return this.peek()
  }

  isKeyword(word: string): boolean {
    const { kind, text } = this.peek()
    return kind === 'keyword' && text === word
  }

  /** @throws TemplateError */
  expect(kind: TokenKind, context: string): Token {
    this.skipSpace()
    const token = this.take()
    if (token.kind !== kind) this.unexpected(token, context)
    return token
  }

  fail(fact: string, at = this.tokens[Math.max(0, Math.min(this.next, this.tokens.length) - 1)]!.at): never {
    throw new TemplateError(fact, lineOf(this.text, at))
  }

  unexpected({ kind, text, at }: Token, context: string): never {
    const short = text.length > 10 ? `${JSON.stringify(text.slice(0, 10))}...` : JSON.stringify(text)
    const said = kind === 'end' ? 'EOF' : kind === 'keyword' ? `<${text}>` : short
    return this.fail(`unexpected ${said} in ${context}`, at)
  }
}
