/** signal(7): names and numbers, as x86-64 and arm64 have them. */
const NAMES =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  )
export const SIGRTMIN = 34
export const SIGRTMAX = 64

/** `SIGTERM` for 15, `SIGRTMIN+2` for 36. */
export const signalName = (signal: number): string =>
  NAMES[signal - 1] !== undefined
    ? `SIG${NAMES[signal - 1]}`
    : signal >= SIGRTMIN
      ? `SIGRTMIN+${signal - SIGRTMIN}`
      : String(signal)

/** The number for `15`, `TERM`, `SIGTERM`, `SIGRTMIN+2`, in any case; undefined if it names no signal. */
export function signalNumber(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text)
    return number >= 1 && number <= SIGRTMAX ? number : undefined
  }
  const name = text.toUpperCase().replace(/^SIG/, '')
  const realtime = /^RTM(IN|AX)([+-]\d+)?$/.exec(name)
  if (realtime) {
    const number = (realtime[1] === 'IN' ? SIGRTMIN : SIGRTMAX) + Number(realtime[2] ?? 0)
    return number >= SIGRTMIN && number <= SIGRTMAX ? number : undefined
  }
  const aliases: Record<string, string> = { POLL: 'IO', IOT: 'ABRT', CLD: 'CHLD' }
  const index = NAMES.indexOf(aliases[name] ?? name)
  return index < 0 ? undefined : index + 1
}
