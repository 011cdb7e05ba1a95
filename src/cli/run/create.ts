/** `tinyctr create`: as `run`, but it does not run. */
import { createContainer } from '../../engine/container/create.ts'
import { defineCommand } from '../command.ts'
import { print, printError } from '../screen/output.ts'
import { writeCidfile } from './cidfile.ts'
import { prepareRun } from './prepare-run.ts'
import { laterRunFlags, runFlags } from './run-flags.ts'

const {
  detach,
  'detach-keys': keys,
  'sig-proxy': proxy,
  bundle,
  executor,
  skip,
  step,
  ...createFlags
} = runFlags

export const create = defineCommand({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  summary: 'Create a new container',
  examples: ['tinyctr create --name web -p 8080:80 nginx', 'tinyctr start web'],
  flags: createFlags,
  laterFlags: laterRunFlags,
  flagsFirst: true,
  least: 1,
  completes: 'images',
  async execute(invocation) {
    const { flags, folders } = invocation
    const prepared = await prepareRun({ ...invocation, flags: { ...flags, detach: true } })
    if (prepared.warning !== undefined) printError(prepared.warning)
    if (flags.cidfile !== undefined) writeCidfile(flags.cidfile, prepared.id.own)
    print(await createContainer(folders, flags.name, prepared))
    return 0
  },
})
