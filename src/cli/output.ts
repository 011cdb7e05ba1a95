/** What a command prints. A reader that has gone (`tinyctr images | head -1`) ends the command as SIGPIPE would. */

const guarded = new WeakSet<object>()

function write(stream: NodeJS.WriteStream, text: string): void {
  if (!guarded.has(stream)) {
    guarded.add(stream)
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? 128 + 13 : 1)
    })
  }
  stream.write(text.endsWith('\n') ? text : `${text}\n`)
}

export const print = (text: string): void => write(process.stdout, text)
export const printError = (text: string): void => write(process.stderr, text)
