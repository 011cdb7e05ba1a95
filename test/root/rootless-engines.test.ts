/** runc's command line without root; and podman and buildah of an ordinary user on it. */
import assert from 'node:assert/strict'
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { addImage } from './image.ts'
import { COUNT, FIRST, NOBODY, Rootless } from './rootless.ts'
import { IMAGE, skip } from './tinyctr.ts'

const runtime = join(import.meta.dirname, '../../build/tinyctr-runtime')

interface Said {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

for (const range of [false, true]) {
  const unmapped = range && !existsSync('/usr/bin/newuidmap') && 'needs newuidmap (uidmap)'
  describe(`tinyctr-runtime without root, with ${range ? 'granted ids' : 'one id'}`, {
    skip: skip || unmapped,
  }, () => {
    let machine: Rootless
    let bundle: string
    const call = (...args: string[]): Said =>
      machine.program('sh', ['-c', `cd ${bundle} && exec "$@"`, 'sh', runtime, ...args], { range })
    /** The container's streams are ours: they must not be a pipe that somebody waits for. */
    const detached = (...args: string[]): Said =>
      machine.program(
        'sh',
        ['-c', `cd ${bundle} && exec "$@" >out 2>&1 </dev/null`, 'sh', runtime, ...args],
        { range },
      )
    const quietly = (...args: string[]): string => {
      const { status, stdout, stderr } = call(...args)
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
      return stdout.trimEnd()
    }
    const status = (id: string): unknown => (JSON.parse(quietly('state', id)) as { status: unknown }).status

    before(() => {
      machine = new Rootless()
      bundle = join(machine.home, 'bundle')
      machine.onMachine(`
        mkdir -p ${bundle}/rootfs/bin ${bundle}/rootfs/proc ${bundle}/rootfs/sys ${bundle}/rootfs/dev ${bundle}/rootfs/etc ${bundle}/rootfs/tmp
        cp /bin/busybox ${bundle}/rootfs/bin/ && for name in sh id cat sleep; do ln -s busybox ${bundle}/rootfs/bin/$name; done
        chown -R ${NOBODY}:${NOBODY} ${bundle}`)
      quietly('spec', '--rootless')
      const path = join(bundle, 'config.json')
      const config = JSON.parse(readFileSync(path, 'utf8'))
      config.process.terminal = false
      config.process.args = ['sh', '-c', 'id -u; exec sleep 100']
      config.root.readonly = false
      if (range) {
        const more = { containerID: 1, hostID: FIRST, size: COUNT }
        config.linux.uidMappings.push(more)
        config.linux.gidMappings.push(more)
      }
      writeFileSync(path, JSON.stringify(config))
    })
    after(() => machine.remove())

    test('create, start, exec, ps, kill, delete', () => {
      assert.equal(
        detached('create', '--pid-file', join(bundle, 'pid'), 'box').status,
        0,
        readFileSync(join(bundle, 'out'), 'utf8'),
      )
      assert.equal(status('box'), 'created')
      quietly('start', 'box')
      assert.equal(status('box'), 'running')
      assert.equal(
        quietly('exec', 'box', 'sh', '-c', 'id -u; cat /proc/self/uid_map').replace(/ +/g, ' '),
        `0\n 0 ${NOBODY} 1${range ? `\n 1 ${FIRST} ${COUNT}` : ''}`,
      )
      if (range) assert.equal(quietly('exec', '-u', '1000', 'box', 'id', '-u'), '1000')
      assert.match(quietly('ps', 'box'), /sleep 100/)
      assert.equal(quietly('list', '-q'), 'box')
      quietly('kill', 'box', 'KILL')
      for (let left = 200; status('box') !== 'stopped'; left--) assert.ok(left > 0)
      quietly('delete', 'box')
      assert.equal(quietly('list', '-q'), '')
      assert.equal(readFileSync(join(bundle, 'out'), 'utf8'), '0\n')
    })

    test('run -d, delete --force; run ends with the code of its program', () => {
      assert.equal(detached('run', '-d', 'box').status, 0, readFileSync(join(bundle, 'out'), 'utf8'))
      quietly('delete', '--force', 'box')
      const path = join(bundle, 'config.json')
      writeFileSync(path, readFileSync(path, 'utf8').replace('exec sleep 100', 'exit 7'))
      assert.equal(call('run', 'other').status, 7)
      assert.equal(quietly('list', '-q'), '')
    })
  })
}

const engines = ['podman', 'buildah', 'newuidmap'].filter((name) => !existsSync(`/usr/bin/${name}`))

describe('engines without root', {
  skip: skip || (engines.length > 0 && `needs ${engines.join(', ')}`),
}, () => {
  let machine: Rootless
  const engine = (name: string, ...args: string[]): Said => {
    const own = [
      '--root',
      join(machine.home, 'engine'),
      '--runroot',
      join(machine.runtime, 'engine'),
      '--storage-driver',
      'vfs',
    ]
    const environment = [
      `CONTAINERS_CONF=${machine.home}/containers.conf`,
      `BUILDAH_RUNTIME=${runtime}`,
      'BUILDAH_ISOLATION=rootless',
    ]
    return machine.program('env', [...environment, name, ...own, ...args], { range: true })
  }
  const podman = (...args: string[]): string => {
    const { status, stdout, stderr } = engine('podman', ...args)
    assert.equal(status, 0, stderr)
    return stdout.trimEnd()
  }

  before(async () => {
    machine = new Rootless({ setUp: 'mount --make-rshared /' })
    const layout = join(machine.folder, 'layout')
    await addImage(layout, IMAGE, {})
    mkdirSync(join(machine.home, '.config/containers'), { recursive: true })
    writeFileSync(
      join(machine.home, '.config/containers/policy.json'),
      '{"default":[{"type":"insecureAcceptAnything"}]}',
    )
    for (const folder of ['.config', '.config/containers'])
      chownSync(join(machine.home, folder), NOBODY, NOBODY)
    writeFileSync(
      join(machine.home, 'containers.conf'),
      `[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]\nnetns = "none"\npids_limit = 0\n[engine]\nlock_type = "file"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "tinyctr-runtime"\nruntime_supports_json = ["tinyctr-runtime"]\n[engine.runtimes]\ntinyctr-runtime = ["${runtime}"]\n`,
    )
    const archive = join(machine.home, 'box.tar')
    machine.onMachine(
      `skopeo copy --quiet oci:${layout} docker-archive:${archive}:localhost/box:latest && chmod 644 ${archive}`,
    )
    podman('load', '--quiet', '--input', archive)
  })
  after(() => machine.remove())

  test('podman run, its exit codes, --init', () => {
    assert.equal(
      podman('run', '--rm', 'localhost/box', 'sh', '-c', 'id -u; ls /dev/null; touch /made && echo wrote'),
      '0\n/dev/null\nwrote',
    )
    assert.equal(
      podman('run', '--rm', '--user', '1000:1001', 'localhost/box', 'sh', '-c', 'id -u; id -g'),
      '1000\n1001',
    )
    assert.equal(engine('podman', 'run', '--rm', 'localhost/box', 'sh', '-c', 'exit 7').status, 7)
    const absent = engine('podman', 'run', '--rm', 'localhost/box', 'no-such-program')
    assert.equal(absent.status, 127)
    assert.match(absent.stderr, /executable file not found in \$PATH/)
  })

  test('podman run -d, exec, top, stop, start, kill, rm', () => {
    podman('run', '-d', '--name', 'box', 'localhost/box', 'sleep', '100')
    assert.equal(podman('exec', 'box', 'sh', '-c', 'echo $0; cat /proc/1/comm'), 'sh\nsleep')
    assert.equal(engine('podman', 'exec', 'box', 'sh', '-c', 'exit 3').status, 3)
    assert.match(podman('top', 'box'), /sleep 100/)
    podman('stop', '-t', '0', 'box')
    assert.match(podman('ps', '-a', '--format', '{{.Status}}'), /^Exited \(137\)/)
    podman('start', 'box')
    podman('kill', 'box')
    podman('rm', '-f', '-t', '0', 'box')
    assert.equal(podman('ps', '-aq'), '')
  })

  test('buildah runs the steps of a Containerfile', () => {
    writeFileSync(
      join(machine.home, 'Containerfile'),
      'FROM localhost/box\nRUN echo built >/made && chown 5:6 /made\nUSER 1000\nRUN id -u >/tmp/who\n',
    )
    const { status, stderr } = engine(
      'buildah',
      'bud',
      '--network',
      'none',
      '-t',
      'localhost/built',
      machine.home,
    )
    assert.equal(status, 0, stderr)
    assert.equal(
      podman('run', '--rm', 'localhost/built', 'sh', '-c', 'cat /made; stat -c %u:%g /made; cat /tmp/who'),
      'built\n5:6\n1000',
    )
  })
})
