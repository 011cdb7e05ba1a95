/** Where engines read what went wrong: `--log FILE --log-format json|text`, as runc (and logrus) writes it. */
import { O } from '../linux/abi/arch.ts'
import { AT } from '../linux/abi/flags.ts'
import { attempt } from '../linux/call.ts'

export interface ReportTo {
  readonly log?: string
  readonly format?: string
  /** Everything is told. */
  readonly debug?: boolean
}

/**
 * What goes to standard error, one line as runc's: engines show it among their own. A program that does not run is
 * reported in runc's words; the log has the whole explanation.
 */
export function forEngines(text: string, { debug }: ReportTo): string {
  if (debug) return text
  const [, means] = /^ {2}call {3}execve\(.*\n {2}means {2}(.*)$/m.exec(text) ?? []
  const path = /^"(.*?)"/.exec(means ?? '')?.[1]
  const fact = FACTS.exec(means ?? '')?.[0]
  if (path === undefined || fact === undefined) return `tinyctr: ${inOneLine(text)}`
  return path.includes('/') ? `exec ${path}: ${fact}` : `exec: "${path}": ${fact}`
}

const FACTS =
  /executable file not found in \$PATH|no such file or directory|permission denied|exec format error|is a directory/

/** Exactly one line a failure: podman reads the whole file as one object, containerd takes the last line. */
export function report({ log, format }: ReportTo, text: string): void {
  if (!log) return
  const msg = inOneLine(text)
  const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  const line =
    format === 'json'
      ? JSON.stringify({ level: 'error', msg, time })
      : `time="${time}" level=error msg=${JSON.stringify(msg)}`
  const fd = attempt('openat', [AT.FDCWD, log, O.WRONLY | O.CREAT | O.APPEND | O.CLOEXEC, 0o644])
  if (fd < 0) return
  attempt('write', [fd, `${line}\n`])
  attempt('close', [fd])
}

/** The parts of an explanation (linux/step-failure.ts) without their labels and where to read on. */
const inOneLine = (text: string): string =>
  text
    .replace(/^tinyctr(-runtime)?: /, '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('  see '))
    .map((line) => line.replace(/^ {2}(call|kernel|means|do) +/, '').trim())
    .join(': ')
