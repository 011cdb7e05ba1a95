/** `run` without root: as nobody, with one id, and with the range that subuid(5) may grant. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { bareEnvironment } from '../no-network.ts'
import { addImage } from './image.ts'
import { COUNT, FIRST, NOBODY, Rootless } from './rootless.ts'
import { binary, IMAGE, skip } from './tinyctr.ts'

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
    assert.equal(tinyctr.says([], script), 'eth0\nlo\nall')
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
        env: { ...bareEnvironment, HOME: tinyctr.home, XDG_RUNTIME_DIR: tinyctr.runtime },
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
