/** The container's config as it was at `create` (state.ts). It was validated then. */
import { readText } from '../linux/file.ts'
import type { Config } from '../oci/runtime-spec.ts'

export const readConfig = (folder: string): Config => JSON.parse(readText(`${folder}/config.json`)) as Config
