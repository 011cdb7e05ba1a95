/**
 * The images that the pull benchmark pulls, made of what is installed here: files of Debian packages, and trees of npm
 * packages. Written as OCI layouts, layer by layer, with GNU tar and gzip -6.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = fileURLToPath(new URL('../..', import.meta.url))
const shell = (script: string): string =>
  execFileSync('bash', ['-o', 'pipefail', '-c', script], { encoding: 'utf8' }).trim()

interface Layer {
  digest: string
  diffId: string
  size: number
  bytes: number
  entries: number
}

export interface BenchImage {
  name: string
  layout: string
  layers: Layer[]
}

/** Packs what `tar` is told to into a gzip layer below `blobs`. */
function pack(blobs: string, arguments_: string): Layer {
  const tar = `${blobs}/../layer.tar`
  shell(
    `tar --sort=name --numeric-owner --xattrs --format=pax -cf ${tar} ${arguments_} 2>/dev/null || test -s ${tar}`,
  )
  const sum = (path: string): string => shell(`sha256sum ${path}`).split(' ', 1)[0]!
  const diffId = `sha256:${sum(tar)}`
  const entries = Number(shell(`tar -tf ${tar} | wc -l`))
  const bytes = statSync(tar).size
  shell(`$(command -v pigz || echo gzip) -6 -n -c ${tar} >${tar}.gz`)
  rmSync(tar)
  const digest = sum(`${tar}.gz`)
  const { size } = statSync(`${tar}.gz`)
  renameSync(`${tar}.gz`, `${blobs}/${digest}`)
  return { digest: `sha256:${digest}`, diffId, size, bytes, entries }
}

/** What the packages of `query` have on this host, by paths without symlinks: /lib is one to usr/lib. */
function debianFiles(query: string, list: string): string {
  const paths = new Set<string>()
  for (const path of shell(`${query} | xargs dpkg -L | sort -u`).split('\n')) {
    if (path !== '/.' && path.startsWith('/') && existsSync(path)) {
      paths.add(`${realpathSync(dirname(path))}/${basename(path)}`.replace(/^\/+/, ''))
    }
  }
  writeFileSync(list, [...paths].sort().join('\n'))
  return `-C / --no-recursion -T ${list}`
}

/** `copies` of the npm packages of this repository, less those that are one large program. */
function npmTree(folder: string, copies: number, large: boolean): string {
  const modules = `${top}/node_modules`
  const programs = [
    'bun',
    'koffi',
    'oxc-parser',
    'bare-url',
    'bare-fs',
    'bare-buffer',
    'chart.js',
    '.cache',
  ].concat(['@biomejs', '@esbuild', '@typescript', '@oven', '@oxc-parser', '@oxc-resolver', '@koromix'])
  for (let copy = 0; copy < copies; copy++) {
    const target = `${folder}/srv/app-${copy}/node_modules`
    mkdirSync(target, { recursive: true })
    for (const name of readdirSync(modules)) {
      if (!programs.includes(name))
        cpSync(`${modules}/${name}`, `${target}/${name}`, { recursive: true, verbatimSymlinks: true })
    }
  }
  if (large) {
    for (const name of ['@biomejs']) {
      if (existsSync(`${modules}/${name}`))
        cpSync(`${modules}/${name}`, `${folder}/opt/${name}`, { recursive: true })
    }
  }
  return `-C ${folder} .`
}

function writeLayout(name: string, layout: string, layers: Layer[]): BenchImage {
  const store = (mediaType: string, document: unknown) => {
    const text = JSON.stringify(document)
    const hex = createHash('sha256').update(text).digest('hex')
    writeFileSync(`${layout}/blobs/sha256/${hex}`, text)
    return { mediaType, digest: `sha256:${hex}`, size: text.length }
  }
  const type = 'application/vnd.oci.image'
  const diffIds = layers.map(({ diffId }) => diffId)
  const config = store(`${type}.config.v1+json`, {
    os: 'linux',
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    rootfs: { type: 'layers', diff_ids: diffIds },
  })
  const manifest = store(`${type}.manifest.v1+json`, {
    schemaVersion: 2,
    mediaType: `${type}.manifest.v1+json`,
    config,
    layers: layers.map(({ digest, size }) => ({ mediaType: `${type}.layer.v1.tar+gzip`, digest, size })),
  })
  const named = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'latest' } }
  writeFileSync(`${layout}/index.json`, JSON.stringify({ schemaVersion: 2, manifests: [named] }))
  writeFileSync(`${layout}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}')
  const image = { name, layout, layers }
  writeFileSync(`${layout}/facts.json`, JSON.stringify(image))
  return image
}

const required = `dpkg-query -W -f '\${Priority} \${Package}\\n' | sed -n 's/^required //p'`
const python = `dpkg-query -W -f '\${db:Status-Status} \${Package}\\n' 'python3*' 'libpython3*' | sed -n 's/^installed //p'`

type Recipe = ((folder: string) => string)[]
const recipes: Record<string, Recipe> = {
  tiny: [
    (folder) => {
      mkdirSync(`${folder}/bin`)
      cpSync(realpathSync('/bin/busybox'), `${folder}/bin/busybox`)
      for (const applet of shell('busybox --list').split('\n'))
        if (applet !== 'busybox') shell(`ln -sf busybox '${folder}/bin/${applet}'`)
      return `-C ${folder} .`
    },
  ],
  medium: [
    (folder) => debianFiles(required, `${folder}/list`),
    (folder) => debianFiles(python, `${folder}/list`),
    (folder) => npmTree(folder, 1, false),
  ],
  large: [
    (folder) => debianFiles(required, `${folder}/list`),
    (folder) => debianFiles(python, `${folder}/list`),
    (folder) => npmTree(folder, 2, false),
    (folder) => npmTree(folder, 3, false),
    (folder) => npmTree(folder, 2, true),
    (folder) => npmTree(folder, 3, false),
  ],
}

/** The three images below `folder`, made where they are not there yet. */
export function benchImages(folder: string): BenchImage[] {
  return Object.entries(recipes).map(([name, recipe]) => {
    const layout = `${folder}/${name}`
    if (existsSync(`${layout}/facts.json`))
      return JSON.parse(readFileSync(`${layout}/facts.json`, 'utf8')) as BenchImage
    rmSync(layout, { recursive: true, force: true })
    mkdirSync(`${layout}/blobs/sha256`, { recursive: true })
    const layers = recipe.map((make, at) => {
      const tree = `${folder}/tree-${name}-${at}`
      mkdirSync(tree, { recursive: true })
      try {
        return pack(`${layout}/blobs/sha256`, make(tree))
      } finally {
        rmSync(tree, { recursive: true, force: true })
      }
    })
    return writeLayout(name, layout, layers)
  })
}

if (spawnSync('tar', ['--version']).status !== 0) throw new Error('Cannot make images: there is no tar')
