/**
 * Prints how execve(2) fails for each program, then why: `exec-diagnosis-execve.ts ROOT`. To be run in a user and mount
 * namespace, where chroot(2) and mount(2) are free.
 */
import { copyFileSync } from 'node:fs'
import { O } from '../../src/linux/abi/arch.ts'
import { errnoName } from '../../src/linux/abi/errno.ts'
import { AT, MS } from '../../src/linux/abi/flags.ts'
import { attempt, call } from '../../src/linux/call.ts'
import { diagnoseExecve } from '../../src/linux/exec-diagnosis.ts'
import { PROGRAMS } from './exec-diagnosis-rootfs.ts'

const root = process.argv[2] as string
call('mount', ['tmpfs', `${root}/noexec`, 'tmpfs', MS.NOEXEC, null])
copyFileSync(`${root}/app/text`, `${root}/noexec/program`)

const outside = call('openat', [AT.FDCWD, '/', O.RDONLY | O.DIRECTORY, 0])
const results = [...PROGRAMS, '/noexec/program'].map((program) => {
  call('chroot', [root])
  call('chdir', ['/'])
  const errno = -attempt('execve', [program, [program], []])
  call('fchdir', [outside])
  call('chroot', ['.'])
  const { means, exitCode, ...rest } = diagnoseExecve({
    root,
    cwd: '/',
    candidates: [program],
    program,
    errno,
    uid: 0,
    gid: 0,
    groups: [],
  })
  return [program, errnoName(errno), exitCode, means, rest.do ?? '']
})
console.log(JSON.stringify(results))
