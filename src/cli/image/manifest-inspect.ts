/** `tinyctr manifest inspect`: what a registry has under a name, without pulling it; indented as docker indents it. */
import { RegistryError } from '../../errors.ts'
import type { Descriptor } from '../../image/content.ts'
import { isIndex, parseIndex } from '../../image/manifest.ts'
import { familiarReference, parseReference, repositoryName } from '../../image/reference.ts'
import { openRegistry, type Registry } from '../../image/registry/client.ts'
import { NetworkError } from '../../image/registry/failure.ts'
import { defineCommand } from '../command.ts'
import { interruptible } from '../screen/interruptible.ts'
import { print } from '../screen/output.ts'

type Found = Awaited<ReturnType<Registry['manifest']>>

async function find(registry: Registry, tagOrDigest: string, name: string): Promise<Found> {
  try {
    return await registry.manifest(tagOrDigest)
  } catch (cause) {
    if (!(cause instanceof RegistryError) || cause instanceof NetworkError) throw cause
    throw new RegistryError(`no such manifest: ${name}`, { cause })
  }
}

/** One manifest with what names it: docker's `--verbose`. */
function described(ref: string, { descriptor, content }: Found, listed?: Descriptor): object {
  const { mediaType, digest, size } = descriptor
  const document = JSON.parse(Buffer.from(content).toString()) as unknown
  return {
    Ref: ref,
    Descriptor: { mediaType, digest, size, ...(listed?.platform && { platform: listed.platform }) },
    Raw: Buffer.from(content).toString('base64'),
    [mediaType.includes('docker') ? 'SchemaV2Manifest' : 'OCIManifest']: document,
  }
}

export const manifestInspect = defineCommand({
  usage: '[OPTIONS] MANIFEST',
  summary: 'Show an image manifest or manifest list of a registry',
  flags: {
    insecure: { takes: 'nothing', help: 'Allow communication with an insecure registry' },
    verbose: { takes: 'nothing', short: 'v', help: 'With descriptors, and every platform' },
  },
  least: 1,
  most: 1,
  async execute({ flags: { insecure = false, verbose = false }, positionals: [name = ''] }) {
    const reference = parseReference(name)
    await interruptible(async (signal) => {
      const registry = openRegistry(reference, { signal, insecure })
      const found = await find(registry, reference.digest ?? reference.tag!, familiarReference(reference))
      const { descriptor, content } = found
      if (!verbose) {
        const document = JSON.parse(Buffer.from(content).toString()) as unknown
        print(JSON.stringify(document, null, isIndex(descriptor) ? 3 : '\t'))
      } else if (isIndex(descriptor)) {
        const listed = parseIndex(content, descriptor)
        const all = listed.map(async (each) => {
          const ref = `${repositoryName(reference)}@${each.digest}`
          return described(ref, await registry.manifest(each.digest), each)
        })
        print(JSON.stringify(await Promise.all(all), null, '\t'))
      } else {
        print(JSON.stringify(described(familiarReference(reference), found), null, '\t'))
      }
    })
    return 0
  },
})
