/** PID 1 of --init: reaps whoever is left to it and passes on what it is sent. A JavaScript process, so for lessons only. */
import { O } from '../abi/arch.ts'
import { SIG, W } from '../abi/flags.ts'
import { attempt, call } from '../call.ts'
import { exit } from './fork.ts'
import { reap } from './operations.ts'

const SIGCHLD = 17
const SIGSET_BYTES = 8
const SIGNALFD_SIGINFO_BYTES = 128

/** Leaves with the exit code of `child`. */
export function serveAsInit(child: number): never {
  const all = new Uint8Array(SIGSET_BYTES).fill(0xff)
  call('rt_sigprocmask', [SIG.SETMASK, all, null, SIGSET_BYTES])
  const signals = call('signalfd4', [-1, all, SIGSET_BYTES, O.CLOEXEC])
  attempt('close_range', [0, signals - 1, 0])
  attempt('close_range', [signals + 1, 0xffffffff, 0])
  const info = new Uint8Array(SIGNALFD_SIGINFO_BYTES)
  for (;;) {
    // Before the first read: a child that ended while signals were not blocked yet sends no more.
    for (let ended = reap(0, W.NOHANG); ended; ended = reap(0, W.NOHANG))
      if (ended.pid === child) exit(ended.code)
    const signal = attempt('read', [signals, info]) > 0 ? (info[0] as number) : 0
    if (signal !== 0 && signal !== SIGCHLD) attempt('kill', [child, signal])
  }
}
