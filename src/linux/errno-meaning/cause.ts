/** The form of the tables of causes: what an errno means for one system call, and in which circumstances. */
import type { Operation } from '../../plan/step.ts'
import type { SyscallName } from '../abi/syscalls.ts'

/** What fails: a system call, or work that a plan counts as one step. */
export type Failing = SyscallName | Operation

/** All that is given must fit. `words` says the same to people. */
export interface When {
  readonly words: string
  /** What the call works on: a path, a file it writes to, a filesystem type. */
  readonly of?: RegExp
  /** The JSON pointer into config.json or the flag that the call comes from. */
  readonly at?: RegExp
  /** The call as strace would print it. */
  readonly printed?: RegExp
  /** A file of this machine, and what it says. */
  readonly host?: readonly [path: string, says: RegExp]
  /** A file that this machine lacks. */
  readonly missing?: string
}

/** `{of}` in the texts stands for what the call works on. */
export interface Cause {
  readonly errno: string
  readonly when?: When
  readonly means: string
  readonly do?: string
  /** Manual pages and files besides the call's own page. */
  readonly see?: readonly string[]
}

/** The first row that fits is the cause: rows with a condition stand before those without. */
export type Causes = { readonly [Call in Failing]?: readonly Cause[] }
