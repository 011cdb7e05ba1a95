/** The program was in no folder of PATH: what the image has instead. */
import type { FailedExecve } from '../exec-diagnosis.ts'
import type { Finding } from './finding.ts'
import type { InRoot } from './in-root.ts'

const USUAL_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
const SHELLS = ['sh', 'bash', 'ash', 'dash', 'zsh', 'ksh']

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'

export function notInPath(failed: FailedExecve, files: InRoot): Finding {
  const { program, candidates } = failed
  const folders = [...new Set(candidates.map(folderOf))]
  return {
    means: `"${program}": executable file not found in $PATH (${folders.join(':')})`,
    do: cure(failed, folders, files),
    exitCode: 127,
  }
}

function cure(failed: FailedExecve, folders: readonly string[], files: InRoot): string {
  const { program } = failed
  if (program === '') return 'name a program'
  if (/\s/.test(program))
    return `leave the quotes out: "${program}" is one word, and so the name of one program`
  if (program.startsWith('-')) return `put ${program} before the image: what follows the image is the program`
  const find = (name: string, among: readonly string[]): string | undefined =>
    among.map((folder) => `${folder}/${name}`).find((path) => files.entry(path) !== undefined)
  const elsewhere = find(program, USUAL_FOLDERS)
  if (elsewhere !== undefined)
    return `name it in full, or add its folder to PATH: this image has ${elsewhere}`
  const everywhere = [...new Set([...folders, ...USUAL_FOLDERS])]
  if (SHELLS.includes(program)) {
    for (const shell of SHELLS) {
      const path = find(shell, everywhere)
      if (path !== undefined) return `use another shell: this image has ${path}`
    }
    return 'this image has no shell: run its own program, or take an image with one'
  }
  const names = everywhere.flatMap((folder) => files.names(folder))
  if (names.length === 0) return 'this image has no programs in PATH: name the one it has by its full path'
  const near = failed.closest?.(program, [...new Set(names)])
  return near === undefined
    ? 'check the spelling, or install it in the image'
    : `did you mean ${near}? This image has ${find(near, everywhere)}`
}
