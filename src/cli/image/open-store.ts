/** The store for a command that unpacks layers: what a layer asked for and could not have is said, once a kind. */
import { ImageStore } from '../../image/store.ts'
import { printError } from '../screen/output.ts'

const cures: Readonly<Record<string, string>> = {
  owners:
    'they belong to root of the container instead; grant more ids than your own in /etc/subuid and /etc/subgid, then remove it and have it again',
}

/** The caller closes it. */
export function openStore(dataRoot: string): ImageStore {
  const told = new Set<string>()
  return new ImageStore(dataRoot, {
    onSkipped(_, skipped) {
      for (const [what, count] of skipped) {
        if (told.has(what)) continue
        told.add(what)
        const files = `${count} ${count === 1 ? 'entry' : 'entries'} of the image`
        const cure = cures[what] === undefined ? '' : `: ${cures[what]}`
        printError(`tinyctr: warning: without root, ${files} cannot have their ${what}${cure}`)
      }
    },
  })
}
