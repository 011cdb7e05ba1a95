/** `run` without root: as nobody, with one id, and with the range that subuid(5) may grant. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { addImage } from './image.ts'
import { binary, IMAGE, type Result, skip, Tinyctr } from './tinyctr.ts'

const NOBODY = 65534
const [FIRST, COUNT] = [200_000, 65_536]

/** Nobody's own folders; the range, where wanted, is granted in a mount namespace that only the process sees. */
class Rootless extends Tinyctr {
  readonly home = join(this.folder, 'home')
  readonly runtime = join(this.folder, 'runtime')
  override readonly root = join(this.runtime, 'tinyctr')
  override readonly dataRoot = join(this.home, '.local/share/tinyctr')

  constructor() {
    super()
    chmodSync(this.folder, 0o755)
    for (const folder of [this.home, this.runtime]) {
      mkdirSync(folder, { mode: 0o700 })
      chownSync(folder, NOBODY, NOBODY)
    }
    writeFileSync(join(this.folder, 'range'), `nobody:${FIRST}:${COUNT}\n`)
  }

  as(args: readonly string[], { range = false, setUp = 'true' } = {}): Result {
    const grant = range
      ? `mount --bind ${this.folder}/range /etc/subuid && mount --bind ${this.folder}/range /etc/subgid`
      : 'true'
    const drop = `exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups`
    const enter = `env -i PATH=$PATH HOME=${this.home} XDG_RUNTIME_DIR=${this.runtime}`
    const script = `${grant} && ${drop} ${enter} /bin/sh -c '${setUp} && exec "$@"' sh "$@"`
    return spawnSync('unshare', ['-m', '/bin/sh', '-c', script, 'sh', binary, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  /** What a script says inside; it must end well. */
  says(flags: readonly string[], script: string, options: { range?: boolean } = {}): string {
    const { status, stdout, stderr } = this.as(
      ['run', '--rm', ...flags, IMAGE, '/bin/sh', '-c', script],
      options,
    )
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
    return stdout.trimEnd()
  }
}

describe('rootless', { skip }, () => {
  let tinyctr: Rootless
  before(async () => {
    tinyctr = new Rootless()
    const layout = join(tinyctr.folder, 'layout')
    await addImage(layout, IMAGE, {})
    const { status, stderr } = tinyctr.as(['load', '--quiet', '--input', layout])
    assert.equal(status, 0, stderr)
  })
  afterEach(() => assert.deepEqual(tinyctr.leftovers(), []))
  after(() => tinyctr.remove())

  test('root inside is the caller outside, in namespaces of its own, with nothing of the host in sight', () => {
    const script =
      'id -u; cat /proc/self/uid_map | tr -s " "; cat /proc/self/setgroups; ls /proc | grep -c "^[0-9]*$"'
    assert.equal(tinyctr.says([], script), `0\n 0 ${NOBODY} 1\ndeny\n3`)
  })

  test('the container has what it needs: devices, /sys, mqueue, shm, a loopback, its files', () => {
    const script =
      'echo x >/dev/null && head -c 1 /dev/urandom >/dev/null && ls /sys/class/net && touch /x /dev/shm/x /dev/mqueue/x && ping -c 1 -W 5 127.0.0.1 >/dev/null && grep -q localhost /etc/hosts && echo all'
    assert.equal(tinyctr.says([], script), 'lo\nall')
  })

  test('what it made and hid from itself is removed', () => {
    assert.equal(tinyctr.says([], 'mkdir -p /a/b && touch /a/b/c && chmod 0 /a/b /a && echo made'), 'made')
  })

  for (const flags of [
    ['--network', 'host'],
    ['--pid', 'host'],
    ['--ipc', 'host'],
    ['--uts', 'host'],
    ['--cgroupns', 'host'],
    ['--read-only'],
    ['--init'],
    ['--privileged'],
    ['--tmpfs', '/t'],
    ['-t'],
    ['-w', '/new/place'],
    ['-v', '/etc:/data:ro'],
    ['--device', '/dev/fuse'],
    ['--sysctl', 'net.ipv4.ip_forward=1'],
    ['--oom-score-adj', '100'],
    ['--ulimit', 'nofile=100'],
    ['--hostname', 'box'],
    ['--no-cgroup'],
  ]) {
    const missing = flags[0] === '--device' && !existsSync('/dev/fuse') && 'needs /dev/fuse'
    test(flags.join(' '), { skip: missing }, () => assert.equal(tinyctr.says(flags, 'echo ran'), 'ran'))
  }

  test('exit codes, and an error of a step, are as for root', () => {
    assert.equal(tinyctr.as(['run', '--rm', IMAGE, '/bin/sh', '-c', 'exit 7']).status, 7)
    const { status, stderr } = tinyctr.as(['run', '--rm', IMAGE, '/no/such'])
    assert.equal(status, 127)
    assert.match(stderr, /^tinyctr: .*\/no\/such/)
  })

  for (const [name, flags, message] of [
    ['a limit', ['--memory', '20m'], /cgroup/],
    ['the host’s user namespace', ['--userns', 'host'], /only root can/],
    ['a user that is not mapped', ['-u', '1000'], /subgid|subuid/],
    ['a score below its own', ['--oom-score-adj', '-100'], /CAP_SYS_RESOURCE/],
  ] as const) {
    test(`${name} is a clear error`, () => {
      const { status, stderr } = tinyctr.as(['run', '--rm', ...flags, IMAGE, 'true'])
      assert.equal(status, 125)
      assert.match(stderr, /^tinyctr: /)
      assert.match(stderr, message)
    })
  }

  test('no user namespaces on this machine: a clear error with its cure', () => {
    const none = `unshare -U --map-user=${NOBODY} --map-group=${NOBODY} --keep-caps /bin/sh -c`
    const script = `echo 0 >/proc/sys/user/max_user_namespaces && exec ${binary} run --rm ${IMAGE} true`
    const { status, stderr } = spawnSync(
      'setpriv',
      [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '/bin/sh', '-c', `${none} '${script}'`],
      {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, HOME: tinyctr.home, XDG_RUNTIME_DIR: tinyctr.runtime },
      },
    )
    assert.equal(status, 125, stderr)
    assert.match(stderr, /user namespaces are turned off/)
    assert.match(stderr, /max_user_namespaces/)
  })

  describe('with ids from subuid(5)', {
    skip: !existsSync('/usr/bin/newuidmap') && 'needs newuidmap (uidmap)',
  }, () => {
    const range = { range: true }

    test('users of the image are users of the range', () => {
      assert.equal(
        tinyctr.says([], 'tr -s " " </proc/self/uid_map', range),
        ` 0 ${NOBODY} 1\n 1 ${FIRST} ${COUNT}`,
      )
      assert.equal(tinyctr.says(['-u', '1000:1001'], 'id -u; id -g', range), '1000\n1001')
    })

    test('what they wrote is removed, though its owner is not the caller', () => {
      const script = 'mkdir -m 700 /y && touch /y/z && chown -R 500:500 /y && stat -c %u /y'
      assert.equal(tinyctr.says([], script, range), '500')
    })

    test('after a SIGKILL to the monitor, by the next run', async () => {
      const script = 'mkdir -m 700 /y && touch /y/z && chown -R 500:500 /y && kill -KILL $PPID; sleep 100'
      const killed = tinyctr.as(['run', '--rm', '--pid', 'host', IMAGE, '/bin/sh', '-c', script], range)
      assert.notEqual(killed.status, 0)
      assert.equal(tinyctr.says([], 'echo next', range), 'next')
    })

    test('after a failed start too', () => {
      const { status } = tinyctr.as(['run', '--rm', '-w', '/made/by/us', IMAGE, '/no/such'], range)
      assert.equal(status, 127)
    })
  })

  test('the image store holds nothing that only root could read', () => {
    assert.ok(readdirSync(join(tinyctr.dataRoot, 'l')).length > 0)
    assert.deepEqual(
      spawnSync('find', [tinyctr.home, '!', '-user', String(NOBODY)], { encoding: 'utf8' }).stdout,
      '',
    )
  })
})
