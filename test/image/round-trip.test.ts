/**
 * One image, there and back: what skopeo with umoci, buildah and podman push is what we pull, and what we push is what
 * they pull, entry by entry; with the registry in the plain, behind TLS, and asking for tokens.
 */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { after, before, describe, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import {
  type Registry,
  registryMissing,
  registryUser,
  startRegistry,
} from '../../rootfs-fixtures/registry/registry.ts'
import { fullReference, parseReference } from '../../src/image/reference.ts'
import { ImageStore } from '../../src/image/store.ts'
import { runtimes, spawned } from '../cli/spawned.ts'
import { directory, file, tar } from './layer/make-tar.ts'
import { listTree, scratch } from './layer/unpack-into.ts'
import { makeImage } from './make-image.ts'
import { issue, testCa } from './registry/test-ca.ts'
import { serveTokens } from './registry/token-server.ts'

// The registry's tokens come from this process: it must not stand still while others wait for one.
const run = promisify(execFile)
const command = runtimes.executable ?? runtimes.node!
const missing = registryMissing || testCa.missing || (process.getuid!() !== 0 && 'needs root')

/** Owners, modes, xattrs, capabilities, links, odd names and times. No time before 1970: podman and buildah know none. */
const rich = String.raw`
  set -e; umask 022; mkdir -p bin etc/deep/er shared tmp gone/below; cd .
  echo tool > bin/tool; ln bin/tool bin/link; ln -s ../bin/tool etc/short; ln -s /nowhere etc/dangling
  cp bin/tool bin/suid; chown 1000:1001 bin/suid; chmod 6755 bin/suid; cp bin/tool bin/cap; setcap cap_net_raw+ep bin/cap
  chown 5:6 shared; chmod 2775 shared; chmod 1777 tmp; chown -h 7:8 etc/dangling; mkfifo etc/fifo
  printf x > "$(printf 'etc/caf\351')"; printf y > 'etc/a b'; : > etc/empty; echo old > etc/old; echo x > gone/below/x
  mkdir "etc/$(printf 'd%.0s' $(seq 120))"; touch "etc/$(printf 'd%.0s' $(seq 120))/$(printf 'f%.0s' $(seq 120))"
  python3 -c 'import os; os.setxattr("etc/empty", "user.note", b"\0\n=")'
  touch -d '1999-12-31 23:59:58.25' bin/cap; touch -hd '2001-02-03 04:05:06.123456789' etc/short
  touch -d '2031-02-03 04:05:06.987654321' etc/deep/er etc/deep bin shared tmp etc .`

/** On top: a file goes, a directory is made anew, another changes. */
const second = tar(
  directory('etc', { mtime: 1_700_000_000 }),
  file('etc/.wh.old', ''),
  file('etc/new', 'new', { uid: 3, gid: 4, mode: 0o600, mtime: 1_600_000_000 }),
  directory('gone', { mode: 0o700, mtime: 1_500_000_000 }),
  file('gone/.wh..wh..opq', ''),
  file('gone/instead', 'instead', { mtime: 1_400_000_000 }),
)

interface Way {
  readonly title: string
  start(): Promise<{ registry: Registry; stop?: () => Promise<void>; cert?: string; login?: boolean }>
}

const ways: Way[] = [
  { title: 'in the plain', start: async () => ({ registry: await startRegistry() }) },
  {
    title: 'behind TLS',
    start: async () => ({
      registry: await startRegistry({ tls: issue(testCa.pair) }),
      cert: testCa.pair.cert,
    }),
  },
  {
    title: 'asking for tokens',
    async start() {
      const tokens = await serveTokens(issue(testCa.pair))
      const { cert } = testCa.pair
      const token = { realm: `http://${tokens.host}/token`, service: 'test', issuer: 'test', cert }
      return { registry: await startRegistry({ token }), login: true, stop: () => tokens.close() }
    },
  },
]

const made = mkdtempSync(`${tmpdir()}/tinyctr-round-trip-`)
/** The image as umoci unpacks it: one that is neither of those who are compared. */
let truth: string
before(async () => {
  if (missing) return
  mkdirSync(`${made}/tree`)
  execFileSync('bash', ['-c', rich], { cwd: `${made}/tree` })
  const flags = ['--sort=name', '--xattrs', '--xattrs-include=*', '--numeric-owner', '--format=pax']
  execFileSync('tar', ['-C', `${made}/tree`, ...flags, '-cf', `${made}/one.tar`, '.'])
  makeImage(`${made}/oci`, 'docker.io/library/made:1', [readFileSync(`${made}/one.tar`), second])
  await run('skopeo', ['copy', '-q', `oci:${made}/oci`, `oci:${made}/named:latest`])
  truth = await unpacked(made, 'named')
})
after(() => rmSync(made, { recursive: true }))

async function unpacked(folder: string, layout: string): Promise<string> {
  await run('umoci', ['unpack', '--image', `${folder}/${layout}:latest`, `${folder}/${layout}-bundle`])
  return listTree(`${folder}/${layout}-bundle/rootfs`)
}

for (const { title, start } of ways) {
  describe(`round trips, the registry ${title}`, { skip: missing }, () => {
    let setup: Awaited<ReturnType<Way['start']>>
    let host: string
    before(async () => {
      setup = await start()
      host = `127.0.0.1:${setup.registry.port}`
    })
    after(async () => {
      await setup?.registry.stop()
      await setup?.stop?.()
    })

    /** A folder with what each tool needs to trust and be trusted, and the image's layout. */
    function prepare(t: TestContext) {
      const folder = scratch(t)
      if (setup.cert !== undefined) {
        mkdirSync(`${folder}/home/containers/certs.d/${host}`, { recursive: true })
        writeFileSync(`${folder}/home/containers/certs.d/${host}/ca.crt`, setup.cert)
      }
      const certs = `${folder}/home/containers/certs.d/${host}`
      const { username, password } = registryUser
      const peer = (side = '') => [
        ...(setup.cert === undefined
          ? [`--${side}tls-verify=false`]
          : [`--${side}tls-verify=true`, `--${side}cert-dir=${certs}`]),
        ...(setup.login ? [`--${side}creds=${username}:${password}`] : []),
      ]
      const env = { DOCKER_CONFIG: `${folder}/home`, XDG_CONFIG_HOME: `${folder}/home` }
      const tinyctr = async (...args: string[]): Promise<void> => {
        const own = ['--root', `${folder}/run`, '--data-root', `${folder}/store`]
        const { status, stderr } = await spawned(command, [...own, ...args], { env, input: `${password}\n` })
        assert.equal(status, 0, stderr)
      }
      const login = async () => {
        if (setup.login) await tinyctr('login', '-u', username, '--password-stdin', host)
      }
      return { folder, peer, tinyctr, login }
    }
    type Prepared = ReturnType<typeof prepare>

    /** What the kernel shows of our layers, copied to a plain folder by GNU tar. */
    async function ours({ folder }: Prepared, name: string): Promise<string> {
      const store = new ImageStore(`${folder}/store`)
      const { layerDirectories } = await store.resolveImage(fullReference(parseReference(name)))
      store.close()
      mkdirSync(`${folder}/merged`)
      mkdirSync(`${folder}/copy`)
      const flags = "--xattrs --xattrs-include='*' --numeric-owner"
      const script = `mount -t overlay overlay -o lowerdir=${layerDirectories.join(':')} ${folder}/merged &&
        tar -C ${folder}/merged ${flags} --format=pax -cf - . | tar -C ${folder}/copy ${flags} -xpf -`
      await run('unshare', ['-m', 'bash', '-c', script])
      return listTree(`${folder}/copy`)
    }

    /** Each makes `from` known to the registry as `name`, by way of its own store. */
    const pushers: Record<string, (prepared: Prepared, name: string) => Promise<void>> = {
      async skopeo({ peer }, name) {
        await run('skopeo', ['copy', '-q', ...peer('dest-'), `oci:${made}/oci`, `docker://${name}`])
      },
      async buildah({ folder, peer }, name) {
        await run('skopeo', ['copy', '-q', `oci:${made}/oci`, stored(folder)])
        await run('buildah', [...storage(folder), 'push', '-q', ...peer(), localName, `docker://${name}`])
      },
      async podman({ folder, peer }, name) {
        const podman = [...storage(folder), '--tmpdir', `${folder}/tmp`]
        await run('skopeo', ['copy', '-q', `oci:${made}/oci`, stored(folder)])
        await run('podman', [...podman, 'push', '-q', ...peer(), localName, `docker://${name}`])
      },
      /** Takes the image apart and packs the changed whole into layers of its own. */
      async umoci({ folder, peer }, name) {
        await run('skopeo', ['copy', '-q', `oci:${made}/oci`, `oci:${folder}/mine:latest`])
        await run('umoci', ['unpack', '--image', `${folder}/mine:latest`, `${folder}/mine-work`])
        writeFileSync(`${folder}/mine-work/rootfs/etc/by-umoci`, 'umoci')
        await run('umoci', ['repack', '--image', `${folder}/mine:latest`, `${folder}/mine-work`])
        await run('skopeo', ['copy', '-q', ...peer('dest-'), `oci:${folder}/mine:latest`, `docker://${name}`])
      },
    }

    /** Each pulls `name` and lists what it sees. */
    const pullers: Record<string, (prepared: Prepared, name: string) => Promise<string>> = {
      async 'skopeo and umoci'({ folder, peer }, name) {
        await run('skopeo', [
          'copy',
          '-q',
          ...peer('src-'),
          `docker://${name}`,
          `oci:${folder}/theirs:latest`,
        ])
        return unpacked(folder, 'theirs')
      },
      async buildah({ folder, peer }, name) {
        const args = ['from', '-q', ...peer(), `docker://${name}`]
        const { stdout } = await run('buildah', [...storage(folder), ...args])
        const mount = await run('buildah', [...storage(folder), 'mount', stdout.trim()])
        return listTree(mount.stdout.trim())
      },
      async podman({ folder, peer }, name) {
        const podman = [...storage(folder), '--tmpdir', `${folder}/tmp`]
        const { stdout } = await run('podman', [...podman, 'pull', '-q', ...peer(), `docker://${name}`])
        const mount = await run('podman', [...podman, 'image', 'mount', stdout.trim()])
        return listTree(mount.stdout.trim())
      },
    }

    for (const [who, push] of Object.entries(pushers)) {
      test(`${who} pushes, we pull`, async (t) => {
        const prepared = prepare(t)
        const name = `${host}/from/${who}:1`
        await push(prepared, name)
        await prepared.login()
        await prepared.tinyctr('pull', '-q', name)
        const expected = who === 'umoci' ? await unpacked(prepared.folder, 'mine') : truth
        assert.deepEqual(entries(await ours(prepared, name)), entries(expected))
      })
    }

    for (const [who, pull] of Object.entries(pullers)) {
      test(`we push, ${who} pulls`, async (t) => {
        const prepared = prepare(t)
        const name = `${host}/ours/${who.replaceAll(' ', '-')}:1`
        await prepared.login()
        await prepared.tinyctr('load', '-q', '-i', `${made}/oci`)
        await prepared.tinyctr('tag', 'made:1', name)
        await prepared.tinyctr('push', '-q', name)
        assert.deepEqual(entries(await pull(prepared, name)), entries(truth))
      })
    }
  })
}

/** A store that needs no mounts of its own. */
const storage = (folder: string): string[] => [
  '--root',
  `${folder}/storage`,
  '--runroot',
  `${folder}/storage-run`,
  '--storage-driver',
  'vfs',
]

const localName = 'localhost/x:1'
const stored = (folder: string): string =>
  `containers-storage:[vfs@${folder}/storage+${folder}/storage-run]${localName}`

/** Without the top folder: no entry of the upper layer says anything of it. */
const entries = (tree: string): string[] => tree.split('\n').slice(1).sort()
