/** What `run` and `plan` need besides their flags: the environment, the folder, and the files the flags name. */
import type { Environment } from '../../engine/config/env-file.ts'
import { UsageError } from '../../errors.ts'
import { spoilPremises } from '../../linux/premises.ts'
import type { RunFlagValues } from './run-flags.ts'
import { type CommandSurroundings, namedFiles } from './run-options.ts'

/** @throws UsageError for a file that cannot be read */
export async function readSurroundings(
  flags: RunFlagValues,
  environment: Environment,
  network = 'none',
): Promise<CommandSurroundings> {
  const paths = namedFiles(flags)
  const files = paths.length > 0 ? await readTexts(paths) : new Map<string, string>()
  return { environment, folder: process.cwd(), files, network }
}

/** Loads node:fs, which most starts do without. */
async function readTexts(paths: readonly string[]): Promise<Map<string, string>> {
  const { readFileSync } = await import('node:fs')
  spoilPremises()
  const texts = new Map<string, string>()
  for (const path of paths) {
    try {
      texts.set(path, readFileSync(path, 'utf8'))
    } catch (cause) {
      const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
      throw new UsageError(
        `open ${path}: ${missing ? 'no such file or directory' : (cause as Error).message}`,
        {
          cause,
        },
      )
    }
  }
  return texts
}
