/**
 * Platforms, `os/architecture[/variant]`, parsed and matched as containerd does (github.com/containerd/platforms):
 * a machine also runs what older machines of its family run, the newest first.
 */
import { RegistryError, UsageError } from '../errors.ts'
import type { Descriptor, Platform } from './content.ts'

const hostArchitectures: Record<string, string> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
  mipsel: 'mipsle',
}

/** This machine: what an image must be for when nobody asks for anything else. */
export function hostPlatform(): Platform {
  return normalize({ os: 'linux', architecture: hostArchitectures[process.arch] ?? process.arch })
}

const aliases: Record<string, [architecture: string, variant?: string]> = {
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  i386: ['386', ''],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
}

/** One spelling for each platform: `aarch64/8` -> `arm64`, `arm` -> `arm/v7`, `x86_64/v1` -> `amd64`. */
function normalize(platform: Platform): Platform {
  const { variant: typedVariant = '', ...rest } = platform
  const typed = platform.architecture.toLowerCase()
  const [architecture, impliedVariant] = (Object.hasOwn(aliases, typed) && aliases[typed]) || [typed]
  let variant = impliedVariant ?? typedVariant.toLowerCase()
  if (architecture.startsWith('arm') && /^[5-9]$/.test(variant)) variant = `v${variant}`
  if (architecture === 'arm' && variant === '') variant = 'v7'
  if (`${architecture}/${variant}` === 'arm64/v8' || `${architecture}/${variant}` === 'amd64/v1') variant = ''
  return { ...rest, os: platform.os.toLowerCase(), architecture, ...(variant && { variant }) }
}

/**
 * What `--platform` takes: `linux/arm64`, `linux/arm/v6`, `arm64`, `linux`.
 * @throws UsageError
 */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/')
  if (parts.length > 3 || !parts.every((part) => /^[A-Za-z0-9_.-]+$/.test(part))) {
    throw new UsageError(
      `Cannot use the platform "${text}": expected OS/ARCHITECTURE[/VARIANT], such as linux/arm64`,
    )
  }
  const [first = '', architecture, variant] = parts
  if (architecture === undefined) {
    return first.toLowerCase() === 'linux' ? hostPlatform() : normalize({ os: 'linux', architecture: first })
  }
  return normalize({ os: first, architecture, ...(variant !== undefined && { variant }) })
}

export const formatPlatform = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, variant].filter(Boolean).join('/')

/** `v8.5` and below of arm64 run on v9.0, v8.6 on v9.1 and so on (Arm ARM, "Armv9-A is based on Armv8.5-A"). */
function arm64Variants(variant: string): string[] {
  const [, major = '8', minor = '0'] = /^v([89])(?:\.(\d{1,2}))?$/.exec(variant || 'v8') ?? []
  const down = (family: number, from: number): string[] =>
    Array.from({ length: from + 1 }, (_, i) => `v${family}${from - i === 0 ? '' : `.${from - i}`}`)
  return major === '9' ? [...down(9, Number(minor)), ...down(8, Number(minor) + 5)] : down(8, Number(minor))
}

/** The platform itself and all that also run on it, best first. */
function runnable(platform: Platform): Platform[] {
  const { os, architecture, variant = '' } = normalize(platform)
  const family = (of: string, variants: string[]): Platform[] =>
    variants.map((each) => normalize({ os, architecture: of, variant: each }))
  const from = (newest: number, oldest: number): string[] =>
    Array.from({ length: Math.max(0, newest - oldest + 1) }, (_, i) => `v${newest - i}`)
  const number = Number(/^v(\d)$/.exec(variant)?.[1] ?? 1)
  switch (architecture) {
    case 'amd64':
      return [...family('amd64', from(number, 1)), { os, architecture: '386' }]
    case 'arm':
      return family('arm', from(number, 5))
    case 'arm64':
      return [...family('arm64', arm64Variants(variant)), ...family('arm', from(8, 5))]
    default:
      return [{ os, architecture, ...(variant && { variant }) }]
  }
}

const same = (a: Platform, b: Platform): boolean =>
  formatPlatform(normalize(a)) === formatPlatform(normalize(b))

/** Does an image for `image` run where `wanted` runs? */
export const matchesPlatform = (image: Platform, wanted: Platform): boolean =>
  runnable(wanted).some((platform) => same(platform, image))

/**
 * The manifest of an index that fits `wanted` best; among equals the first, as image-index.md asks.
 * @throws RegistryError that lists what the index has
 */
export function choosePlatform(
  manifests: readonly Descriptor[],
  wanted: Platform,
  image: string,
): Descriptor {
  for (const platform of runnable(wanted)) {
    const found = manifests.find(
      (manifest) => manifest.platform !== undefined && same(manifest.platform, platform),
    )
    if (found !== undefined) return found
  }
  // An index of one image need not name its platform; the image config does.
  const [only, ...others] = manifests.filter((manifest) => manifest.platform === undefined)
  if (only !== undefined && others.length === 0) return only

  // BuildKit files provenance under unknown/unknown: nothing to run.
  const offers = manifests.flatMap(({ platform }) =>
    platform === undefined || platform.os === 'unknown' ? [] : [formatPlatform(platform)],
  )
  const has = offers.length === 0 ? 'nothing that can run' : [...new Set(offers)].join(', ')
  throw new RegistryError(
    `Cannot pull ${image}: no matching manifest for ${formatPlatform(wanted)} in the manifest list entries; ` +
      `it exists only for ${has}`,
  )
}
