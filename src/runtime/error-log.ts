/** Where engines read what went wrong: `--log FILE --log-format json|text`, as runc (and logrus) writes it. */
import { O } from '../linux/abi/arch.ts'
import { AT } from '../linux/abi/flags.ts'
import { attempt } from '../linux/call.ts'

export interface ReportTo {
  readonly log?: string
  readonly format?: string
}

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
