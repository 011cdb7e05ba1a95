/** A container that did not start stays, with the reason. */
import { writeFileAtomically } from '../../linux/file.ts'
import type { ContainerPlanInput } from '../container-plan.ts'
import { readRecord } from './record.ts'
import { appendEvent } from './status.ts'

export function writeDownFailure(
  { layer }: ContainerPlanInput,
  { text, exitCode }: { text: string; exitCode: number },
): void {
  const folder = layer?.folder ?? ''
  const id = folder.slice(folder.lastIndexOf('/') + 1)
  const dataRoot = folder.slice(0, -`/containers/${id}`.length)
  if (!readRecord(dataRoot, id)) return
  writeFileAtomically(`${folder}/error`, text)
  appendEvent(dataRoot, id, `failed ${exitCode}`)
}
