/** What a command prints. A reader that has gone (`tinyctr images | head -1`) ends the command as SIGPIPE would. */

const guarded = new WeakSet<object>()

/** For what writes to it by itself. */
export function guard(stream: NodeJS.WriteStream): void {
  if (guarded.has(stream)) return
  guarded.add(stream)
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 128 + 13 : 1)
  })
}

function write(stream: NodeJS.WriteStream, text: string): void {
  guard(stream)
  stream.write(text.endsWith('\n') ? text : `${text}\n`)
}

export const print = (text: string): void => write(process.stdout, text)
export const printError = (text: string): void => write(process.stderr, text)
