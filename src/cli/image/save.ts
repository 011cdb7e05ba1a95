/** `tinyctr save`: images as one archive, for `load` here, `docker load`, `podman load` and skopeo. */

import { recordImageEvent } from '../../engine/events/record-event-of.ts'
import { UsageError } from '../../errors.ts'
import { archiveFiles, archiveFormats, chooseImages, tarOfFiles } from '../../image/archive/save.ts'
import { saveFolder } from '../../image/archive/save-folder.ts'
import { parsePlatform } from '../../image/platform.ts'
import { ImageStore } from '../../image/store.ts'
import { defineCommand } from '../command.ts'
import { runFlags } from '../run/run-flags.ts'
import { checkOutput, writeOutput } from '../screen/output-file.ts'
import { familiar } from './stored-name.ts'

export const save = defineCommand({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  summary: 'Save one or more images to a tar archive (streamed to STDOUT by default)',
  examples: ['tinyctr save alpine -o alpine.tar', 'tinyctr save --format oci-dir -o layout alpine busybox'],
  flags: {
    format: {
      takes: 'one',
      value: 'FORMAT',
      choices: archiveFormats,
      help: 'docker-archive (the default; an OCI layout too), oci-archive or oci-dir',
    },
    output: { takes: 'one', short: 'o', value: 'FILE', help: 'Write to a file, instead of STDOUT' },
    platform: runFlags.platform,
  },
  least: 1,
  completes: 'images',
  async execute({ flags: { format = 'docker-archive', output, platform }, positionals, folders }) {
    const isFolder = format === 'oci-dir'
    if (isFolder && output === undefined) throw new UsageError('--format oci-dir needs --output DIR')
    if (!isFolder) checkOutput(output, 'save')
    const store = new ImageStore(folders.dataRoot)
    try {
      const wanted = platform === undefined ? undefined : parsePlatform(platform)
      const chosen = await chooseImages(store, positionals, wanted)
      const files = archiveFiles(store, chosen, format)
      if (isFolder) await saveFolder(store, files, output!)
      else await writeOutput(output, tarOfFiles(store, files))
      for (const { image, names } of chosen)
        recordImageEvent(folders.dataRoot, 'save', image.config.digest, names.map(familiar)[0])
    } finally {
      store.close()
    }
    return 0
  },
})
