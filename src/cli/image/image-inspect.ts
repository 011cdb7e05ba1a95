/** `tinyctr image inspect`: Docker's JSON, or a template of it. */
import { ImageStore } from '../../image/store.ts'
import { defineCommand } from '../command.ts'
import { describeFailure } from '../failure.ts'
import { printInspected } from '../format/inspected.ts'
import { print, printError } from '../screen/output.ts'
import { imageJson } from './image-json.ts'

export const imageInspect = defineCommand({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  summary: 'Display detailed information on one or more images',
  examples: ["tinyctr image inspect --format '{{.Config.Cmd}}' alpine"],
  flags: {
    format: { takes: 'one', short: 'f', value: 'TEMPLATE', help: 'json or a Go template' },
  },
  least: 1,
  completes: 'images',
  async execute({ flags: { format }, positionals, folders }) {
    const store = new ImageStore(folders.dataRoot)
    try {
      const found: object[] = []
      const failures: unknown[] = []
      for (const name of positionals) {
        await imageJson(store, name).then(
          (json) => found.push(json),
          (error: unknown) => failures.push(error),
        )
      }
      print(printInspected(found, format))
      for (const error of failures) printError(describeFailure(error, 'image inspect', false))
      return failures.length > 0 ? 1 : 0
    } finally {
      store.close()
    }
  },
})
