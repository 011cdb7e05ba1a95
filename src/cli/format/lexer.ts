/**
 * The words of a Go template (text/template/parse, lex.go): plain text, and inside `{{ }}` its operators, names and
 * constants. A space counts where it parts two operands, so it is a word of its own.
 */
import { TemplateError } from './template-error.ts'

export type TokenKind =
  | 'text'
  | 'left'
  | 'right'
  | 'space'
  | 'field'
  | 'variable'
  | 'identifier'
  | 'keyword'
  | 'dot'
  | 'bool'
  | 'number'
  | 'string'
  | 'rawString'
  | 'char'
  | 'pipe'
  | 'declare'
  | 'assign'
  | 'comma'
  | 'openParen'
  | 'closeParen'
  | 'end'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** Where it begins, in UTF-16 units. */
  readonly at: number
}

const keywords = new Set('block break continue define else end if nil range template with'.split(' '))
const space = /[ \t\r\n]/
const letter = /[\p{L}\p{N}_]/u

export const lineOf = (text: string, at: number): number => text.slice(0, at).split('\n').length

/** @throws TemplateError with Go's words */
export function lexTemplate(text: string): Token[] {
  const tokens: Token[] = []
  let trimNext = false
  for (let at = 0; ; ) {
    const open = text.indexOf('{{', at)
    const end = open < 0 ? text.length : open
    const trimBefore = open >= 0 && text[open + 2] === '-' && space.test(text[open + 3] ?? '')
    let plain = text.slice(at, end)
    if (trimNext) plain = plain.replace(/^[ \t\r\n]+/, '')
    const begins = end - plain.length
    if (trimBefore) plain = plain.replace(/[ \t\r\n]+$/, '')
    if (plain !== '') tokens.push({ kind: 'text', text: plain, at: begins })
    if (open < 0) {
      tokens.push({ kind: 'end', text: '', at: text.length })
      return tokens
    }
    const action = new Action(text, open, open + (trimBefore ? 4 : 2))
    at = action.read(tokens)
    trimNext = action.trimsNext
  }
}

/** What is between `{{` and `}}`. */
class Action {
  trimsNext = false
  private readonly text: string
  private readonly open: number
  private at: number
  private depth = 0

  constructor(text: string, open: number, at: number) {
    this.text = text
    this.open = open
    this.at = at
  }

  /** Adds the action's words. @returns where the text after it begins */
  read(tokens: Token[]): number {
    if (this.text.startsWith('/*', this.at)) return this.comment()
    tokens.push({ kind: 'left', text: '{{', at: this.open })
    for (;;) {
      const begin = this.at
      const close = this.closing()
      if (close !== undefined) {
        if (this.depth > 0) this.fail('unclosed left paren')
        tokens.push({ kind: 'right', text: '}}', at: begin })
        return close
      }
      const kind = this.word(this.text[begin])
      tokens.push({ kind, text: this.text.slice(begin, this.at), at: begin })
    }
  }

  private fail(fact: string): never {
    throw new TemplateError(fact, lineOf(this.text, this.at))
  }

  private closing(): number | undefined {
    const { text, at } = this
    if (text.startsWith('}}', at)) return at + 2
    if (space.test(text[at] ?? '') && text.startsWith('-}}', at + 1)) {
      this.trimsNext = true
      return at + 4
    }
    return undefined
  }

  private comment(): number {
    const end = this.text.indexOf('*/', this.at)
    if (end < 0) this.fail('unclosed comment')
    this.at = end + 2
    const close = this.closing()
    if (close === undefined) this.fail('comment ends before closing delimiter')
    return close
  }

  private word(first: string | undefined): TokenKind {
    if (first === undefined) this.fail('unclosed action')
    if (space.test(first)) return this.spaces()
    this.at++
    if (first === '"') return this.quoted('"', 'string', 'unterminated quoted string')
    if (first === '`') return this.raw()
    if (first === "'") return this.quoted("'", 'char', 'unterminated character constant')
    if (first === '=') return 'assign'
    if (first === '|') return 'pipe'
    if (first === ',') return 'comma'
    if (first === ':') {
      if (this.text[this.at] !== '=') this.fail('expected :=')
      this.at++
      return 'declare'
    }
    if (first === '(') {
      this.depth++
      return 'openParen'
    }
    if (first === ')') {
      if (--this.depth < 0) this.fail('unexpected right paren')
      return 'closeParen'
    }
    if (first === '.' && !/[0-9]/.test(this.text[this.at] ?? '')) return this.name('field')
    if (first === '$') return this.name('variable')
    if (/[+\-.0-9]/.test(first)) return this.number()
    this.at--
    if (letter.test(this.codePoint())) return this.identifier()
    return this.fail(`unrecognized character in action: ${describeCharacter(this.codePoint())}`)
  }

  private codePoint(): string {
    const code = this.text.codePointAt(this.at)
    return code === undefined ? '' : String.fromCodePoint(code)
  }

  private spaces(): TokenKind {
    // The space of ` -}}` belongs to the delimiter.
    while (space.test(this.text[this.at] ?? '') && !this.text.startsWith('-}}', this.at + 1)) this.at++
    return 'space'
  }

  private letters(): void {
    for (let c = this.codePoint(); c !== '' && letter.test(c); c = this.codePoint()) this.at += c.length
  }

  /** What may follow a name: else it was not the name that was meant. */
  private checkTerminator(): void {
    const next = this.codePoint()
    if (next === '' || space.test(next) || /[.,|:()=]/.test(next) || this.text.startsWith('}}', this.at))
      return
    this.fail(`bad character ${describeCharacter(next)}`)
  }

  private name(kind: 'field' | 'variable'): TokenKind {
    const begin = this.at
    this.letters()
    if (kind === 'field' && this.at === begin) return 'dot'
    this.checkTerminator()
    return kind
  }

  private identifier(): TokenKind {
    const begin = this.at
    this.letters()
    const word = this.text.slice(begin, this.at)
    this.checkTerminator()
    if (keywords.has(word)) return 'keyword'
    return word === 'true' || word === 'false' ? 'bool' : 'identifier'
  }

  private number(): TokenKind {
    const begin = this.at - 1
    const match =
      /[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9_]*\.?[0-9_]*(?:[eE][+-]?[0-9_]+)?)/y
    match.lastIndex = begin
    this.at = begin + (match.exec(this.text)?.[0].length ?? 0)
    const next = this.codePoint()
    if (next !== '' && letter.test(next)) {
      this.at += next.length
      this.fail(`bad number syntax: ${JSON.stringify(this.text.slice(begin, this.at))}`)
    }
    return 'number'
  }

  private quoted(mark: string, kind: TokenKind, fact: string): TokenKind {
    for (;;) {
      const next = this.text[this.at++]
      if (next === undefined || next === '\n') this.fail(fact)
      if (next === '\\') this.at++
      else if (next === mark) return kind
    }
  }

  private raw(): TokenKind {
    const end = this.text.indexOf('`', this.at)
    if (end < 0) this.fail('unterminated raw quoted string')
    this.at = end + 1
    return 'rawString'
  }
}

/** Go's %#U: `U+0025 '%'`. */
export const describeCharacter = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')} '${character}'`
