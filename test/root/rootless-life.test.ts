/** Containers that live, without root: with ids from subuid(5), and with one id. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { addImage } from './image.ts'
import { NOBODY, Rootless } from './rootless.ts'
import { IMAGE, skip } from './tinyctr.ts'

for (const range of [false, true]) {
  const unmapped = range && !existsSync('/usr/bin/newuidmap') && 'needs newuidmap (uidmap)'
  describe(`the life of a container without root, with ${range ? 'granted ids' : 'one id'}`, {
    skip: skip || unmapped,
  }, () => {
    let tinyctr: Rootless
    const quietly = (...args: string[]): string => tinyctr.quietly(args, { range })
    const format = (what: string): string => quietly('inspect', '-f', what, 'box')
    before(async () => {
      tinyctr = new Rootless()
      const layout = join(tinyctr.folder, 'layout')
      await addImage(layout, IMAGE, {})
      quietly('load', '--quiet', '--input', layout)
    })
    afterEach(() => {
      tinyctr.as(['rm', '-f', 'box'], { range })
      assert.deepEqual(tinyctr.leftovers(), [])
    })
    after(() => tinyctr.remove())

    const start = (...flags: string[]): string =>
      quietly(
        'run',
        '-d',
        '--name',
        'box',
        ...flags,
        IMAGE,
        'sh',
        '-c',
        'echo hello; echo oops >&2; sleep 1000 & wait',
      )

    test('run -d, ps, logs, exec, top, stop, start, restart, kill, wait, rename, rm', () => {
      const id = start()
      assert.match(
        quietly('ps', '--format', '{{.ID}} {{.Names}} {{.Status}}'),
        new RegExp(`^${id.slice(0, 12)} box Up `),
      )
      assert.match(tinyctr.as(['logs', 'box'], { range }).stdout, /^hello$/m)
      assert.equal(quietly('exec', 'box', 'sh', '-c', 'id -u; cat /proc/1/comm'), '0\nsh')
      assert.equal(
        quietly('exec', '-w', '/tmp', '-e', 'A=b', 'box', 'sh', '-c', 'pwd; echo $A; test -t 0 || echo no'),
        '/tmp\nb\nno',
      )
      assert.match(quietly('top', 'box'), /sleep 1000$/m)
      assert.equal(
        quietly('top', 'box')
          .split('\n')
          .filter((line) => !/sh -c|sleep/.test(line)).length,
        1,
      )
      const { stdout } = tinyctr.as(['stats', '--no-stream', '--format', '{{.PIDs}}', 'box'], { range })
      assert.equal(stdout.trim(), '2')
      quietly('stop', '-t', '0', 'box')
      assert.equal(format('{{.State.Status}} {{.State.ExitCode}}'), 'exited 137')
      quietly('start', 'box')
      quietly('restart', '-t', '0', 'box')
      assert.equal(format('{{.State.Status}}'), 'running')
      quietly('kill', '-s', 'KILL', 'box')
      assert.equal(quietly('wait', 'box'), '137')
      quietly('rename', 'box', 'other')
      quietly('rm', 'other')
    })

    test('cp, diff, export, commit: what it wrote', () => {
      start()
      quietly('exec', 'box', 'sh', '-c', 'echo new >/etc/made && rm /etc/group')
      assert.equal(quietly('diff', 'box'), 'C /etc\nD /etc/group\nA /etc/made')
      writeFileSync(join(tinyctr.home, 'in'), 'from outside\n', { mode: 0o644 })
      quietly('cp', join(tinyctr.home, 'in'), 'box:/root/in')
      assert.equal(quietly('exec', 'box', 'cat', '/root/in'), 'from outside')
      quietly('cp', 'box:/etc/made', join(tinyctr.home, 'out'))
      quietly('export', '-o', join(tinyctr.home, 'box.tar'), 'box')
      const list = spawnSync('tar', ['-tf', join(tinyctr.home, 'box.tar')], { encoding: 'utf8' }).stdout
      assert.match(list, /^etc\/made$/m)
      assert.doesNotMatch(list, /^etc\/group$/m)
      quietly('commit', 'box', 'committed:1')
      assert.equal(tinyctr.as(['run', '--rm', 'committed:1', 'cat', '/etc/made'], { range }).stdout, 'new\n')
      quietly('rm', '-f', 'box')
      quietly('rmi', 'committed:1')
    })

    test('volumes: named, of the host, of another; gone when they are removed', () => {
      const shared = join(tinyctr.home, 'shared')
      mkdirSync(shared)
      chownSync(shared, NOBODY, NOBODY)
      start('-v', 'kept:/kept', '-v', `${shared}:/shared`, '-v', '/own')
      quietly('exec', 'box', 'sh', '-c', 'touch /kept/k /shared/s /own/o')
      assert.equal(
        tinyctr.says(
          ['--volumes-from', 'box:ro'],
          'ls /kept /shared /own; touch /kept/x 2>/dev/null || echo ro',
          { range },
        ),
        '/kept:\nk\n\n/own:\no\n\n/shared:\ns\nro',
      )
      quietly('rm', '-f', '-v', 'box')
      assert.equal(quietly('volume', 'ls', '-q'), 'kept')
      quietly('volume', 'rm', 'kept')
    })

    test('health, restart policy, events', async () => {
      start('--health-cmd', 'test -f /well', '--health-interval', '100ms', '--health-retries', '1')
      const becomes = async (wanted: string): Promise<void> => {
        for (let left = 80; format('{{.State.Health.Status}}') !== wanted; left--) {
          assert.ok(left > 0, format('{{json .State.Health}}'))
          await sleep(50)
        }
      }
      await becomes('unhealthy')
      quietly('exec', 'box', 'touch', '/well')
      await becomes('healthy')
      quietly('rm', '-f', 'box')
      quietly('run', '-d', '--name', 'box', '--restart', 'on-failure:2', IMAGE, 'false')
      for (let left = 80; format('{{.State.Status}} {{.RestartCount}}') !== 'exited 2'; left--) {
        assert.ok(left > 0, format('{{json .State}}'))
        await sleep(50)
      }
      quietly('rm', 'box')
      assert.match(
        quietly('events', '--since', '1h', '--until', '0s', '--filter', 'event=die'),
        /container die /,
      )
    })

    test('what needs a cgroup says that there is none', () => {
      start()
      for (const args of [
        ['pause', 'box'],
        ['update', '--memory', '64m', 'box'],
        ['run', '--rm', '--cpus', '1', IMAGE, 'true'],
      ]) {
        const { status, stderr } = tinyctr.as(args, { range })
        assert.notEqual(status, 0)
        assert.match(stderr, /cgroup/)
      }
      quietly('rm', '-f', 'box')
    })

    test('a cgroup that systemd lends is used: pause, unpause, top', {
      skip: !cgroups() && 'needs cgroup v2',
    }, () => {
      const folder = `${cgroups()}/${basename(tinyctr.folder)}/user@${NOBODY}.service`
      mkdirSync(`${folder}/init.scope`, { recursive: true })
      for (const path of [
        folder,
        `${folder}/init.scope`,
        `${folder}/cgroup.procs`,
        `${folder}/init.scope/cgroup.procs`,
        `${folder}/cgroup.subtree_control`,
      ])
        chownSync(path, NOBODY, NOBODY)
      const inside = (args: string[]) =>
        tinyctr.program('sh', ['-c', 'exec "$@"', 'sh', ...tinyctr.commandLine(args)], {
          range,
          before: `echo $$ >${folder}/init.scope/cgroup.procs`,
        })
      try {
        assert.equal(inside(['run', '-d', '--name', 'box', IMAGE, 'sleep', '100']).stderr, '')
        assert.equal(inside(['pause', 'box']).stderr, '')
        assert.equal(format('{{.State.Status}}'), 'paused')
        assert.equal(inside(['unpause', 'box']).stderr, '')
        assert.equal(quietly('top', 'box').split('\n').length, 2)
        assert.equal(inside(['rm', '-f', 'box']).stderr, '')
      } finally {
        for (const path of [`${folder}/tinyctr`, `${folder}/init.scope`, folder, join(folder, '..')])
          if (existsSync(path)) rmdirSync(path)
      }
    })
  })
}

function cgroups(): string | undefined {
  return ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) => existsSync(`${path}/cgroup.controllers`))
}
