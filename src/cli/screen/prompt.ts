/** Questions on a terminal; the answer to a secret one does not show. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

const silence = new Writable({ write: (_chunk, _encoding, done) => done() })

/** One line. Ctrl-C and the end of input are errors. */
export async function ask(question: string, { secret = false } = {}): Promise<string> {
  // In raw mode it is readline that echoes: into nothing.
  const output = secret ? silence : process.stderr
  const lines = createInterface({ input: process.stdin, output, terminal: secret })
  // Only now: what is typed before the terminal is told would show.
  process.stderr.write(question)
  const interrupted = new AbortController()
  const interrupt = (exitCode: number): void =>
    interrupted.abort(Object.assign(new Error('Cannot log in: interrupted'), { exitCode }))
  lines.once('SIGINT', () => interrupt(130))
  lines.once('close', () => interrupt(1))
  try {
    return await lines.question('', { signal: interrupted.signal })
  } catch {
    throw interrupted.signal.reason
  } finally {
    lines.close()
    if (secret) process.stderr.write('\n')
  }
}
