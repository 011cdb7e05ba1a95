/** From create to rm: every verb that changes a container's life, as people use it. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { IMAGE, skip } from '../tinyctr.ts'
import { eventually, lives } from './lives.ts'

const live = lives()
const TRAPPING = 'trap "echo bye; exit 5" TERM; echo up; while :; do sleep 0.05; done'
const status = (name: string): string => live.field(name, '{{.State.Status}}')
const up = (name: string) => eventually('it says that it is up', () => live.says('logs', name).includes('up'))

describe('run -d', { skip }, () => {
  test('prints the id, comes back at once, and the container lives', async () => {
    const id = live.start(['--name', 'web'], 'sh', '-c', TRAPPING)
    assert.match(id, /^[0-9a-f]{64}$/)
    assert.equal(live.says('ps', '-q', '--no-trunc'), id)
    assert.equal(status('web'), 'running')
    assert.equal(status(id.slice(0, 12)), 'running')
    await up('web')
    live.says('stop', 'web')
    assert.deepEqual(
      [status('web'), live.field('web', '{{.State.ExitCode}}'), live.says('logs', 'web')],
      ['exited', '5', 'up\nbye'],
    )
  })

  test('a program that is not there: explained to the caller, 127, and the container is kept as created', () => {
    const { status: code, stderr } = live.command('run', '-d', '--name', 'no', IMAGE, 'no-such-program')
    assert.equal(code, 127)
    assert.match(stderr, /executable file not found in \$PATH/)
    assert.deepEqual([status('no'), live.field('no', '{{.State.ExitCode}}')], ['created', '127'])
  })

  test('--rm: nothing is left when it has ended', async () => {
    live.start(['--rm', '--name', 'gone'], 'sh', '-c', 'exit 3')
    await eventually('it is gone', () => live.says('ps', '-aq') === '')
    assert.deepEqual(live.tinyctr.leftovers(), [])
    // Its name is free again.
    live.start(['--name', 'gone'], 'true')
  })

  test('a name is unique; names, ids and beginnings of ids are found', () => {
    const id = live.start(['--name', 'twice'], 'sleep', '100')
    const { status: code, stderr } = live.command('run', '-d', '--name', 'twice', IMAGE, 'true')
    assert.equal(code, 125)
    assert.match(stderr, new RegExp(`The container name "/twice" is already in use by container "${id}"`))
    for (const word of ['twice', id, id.slice(0, 12), id.slice(0, 4)]) assert.equal(status(word), 'running')
    live.says('rename', 'twice', 'once')
    assert.equal(status('once'), 'running')
    assert.match(live.command('inspect', 'twice').stderr, /No such/)
  })

  test('a caller’s other files are not held open', () => {
    const script = `exec 3>&1; ${process.execPath} --version >/dev/null; "$@" >/dev/null`
    const { tinyctr } = live
    const args = [
      ...tinyctr.globalFlags,
      'run',
      '-d',
      '--cgroup-parent',
      tinyctr.cgroupParent,
      IMAGE,
      'sleep',
      '100',
    ]
    // Twice: prepared, and as it was prepared. Its reader would wait for ever.
    for (let i = 0; i < 2; i++) assert.equal(live.tinyctr.shell(script, args).status, 0)
  })
})

describe('a foreground container', { skip }, () => {
  test('is kept without --rm, with its log, and starts again', () => {
    const {
      status: code,
      stdout,
      stderr,
    } = live.command('run', '--name', 'fg', IMAGE, 'sh', '-c', 'echo out; echo err >&2; exit 7')
    assert.deepEqual([code, stdout, stderr], [7, 'out\n', 'err\n'])
    const again = live.command('start', '-a', 'fg')
    assert.deepEqual([again.status, again.stdout, again.stderr], [7, 'out\n', 'err\n'])
    assert.equal(live.says('logs', 'fg'), 'out\nout')
    assert.equal(live.command('logs', 'fg').stderr, 'err\nerr\n')
  })

  test('a megabyte in and out, complete', () => {
    const input = 'x'.repeat(99).concat('\n').repeat(10_000)
    const { stdout } = live.tinyctr.command(['run', '-i', IMAGE, 'cat'], { input })
    assert.ok(stdout === input, `${stdout.length} of ${input.length} bytes`)
  })
})

describe('--pid container:', { skip }, () => {
  test('sees the processes of the other, and ends with it', async () => {
    const other = live.start(['--name', 'other'], 'sleep', '1234')
    const seen = live.tinyctr.run(['--pid', 'container:other'], ['ps', '-o', 'pid,args'])
    assert.match(seen.stdout, /^ +1 sleep 1234$/m)
    const joined = live.start(['--pid', `container:${other.slice(0, 12)}`], 'sleep', '100')
    assert.equal(live.field(joined, '{{.HostConfig.PidMode}}'), `container:${other.slice(0, 12)}`)
    assert.match(live.says('exec', joined, 'ps'), /sleep 1234/)
    live.says('kill', 'other')
    assert.equal(live.says('wait', joined), '137')
    assert.match(live.command('start', joined).stderr, /cannot join PID of a non running container/)
    assert.match(live.command('run', '--pid', 'container:nobody', IMAGE).stderr, /No such container: nobody/)
  })
})

describe('create, start, stop', { skip }, () => {
  test('what a container wrote is there when it starts again', () => {
    live.says('create', '--name', 'cc', IMAGE, 'sh', '-c', 'cat /kept 2>/dev/null; echo x >>/kept')
    assert.equal(status('cc'), 'created')
    for (const expected of ['', 'x', 'x\nx']) assert.equal(live.says('start', '-a', 'cc'), expected)
  })

  test('stop: its own signal, then SIGKILL after its time; several at once', async () => {
    live.start(
      ['--name', 'usr1', '--stop-signal', 'USR1'],
      'sh',
      '-c',
      'trap "exit 9" USR1; echo up; while :; do sleep 0.05; done',
    )
    live.start(['--name', 'deaf'], 'sh', '-c', 'trap "" TERM; echo up; while :; do sleep 0.05; done')
    await up('usr1')
    await up('deaf')
    assert.equal(live.says('stop', '-t', '1', 'usr1', 'deaf'), 'usr1\ndeaf')
    assert.equal(live.field('usr1', '{{.State.ExitCode}}'), '9')
    assert.equal(live.field('deaf', '{{.State.ExitCode}}'), '137')
    // Stopping what is down is no error; killing it is.
    live.says('stop', 'deaf')
    const { status: code, stderr } = live.command('kill', 'deaf')
    assert.equal(code, 1)
    assert.match(stderr, /container [0-9a-f]{64} is not running/)
  })

  test('restart, pause, unpause, wait, kill', async () => {
    live.start(['--name', 'rr'], 'sh', '-c', TRAPPING)
    await up('rr')
    const before = live.field('rr', '{{.State.Pid}}')
    live.says('restart', 'rr')
    assert.notEqual(live.field('rr', '{{.State.Pid}}'), before)
    live.says('pause', 'rr')
    assert.equal(status('rr'), 'paused')
    assert.match(live.command('exec', 'rr', 'true').stderr, /is paused, unpause the container before exec/)
    assert.match(live.command('pause', 'rr').stderr, /is already paused/)
    live.says('unpause', 'rr')
    assert.equal(live.says('exec', 'rr', 'echo', 'thawed'), 'thawed')
    live.says('kill', '--signal', 'KILL', 'rr')
    assert.equal(live.says('wait', 'rr'), '137')
  })

  test('wait learns the exit code of a container that removes itself', async () => {
    live.start(['--rm', '--name', 'ww'], 'sh', '-c', 'sleep 0.5; exit 6')
    assert.equal(live.says('wait', 'ww'), '6')
  })

  test('rm: not of a running one, but with -f', () => {
    live.start(['--name', 'busy'], 'sleep', '100')
    const { status: code, stderr } = live.command('rm', 'busy')
    assert.equal(code, 1)
    assert.match(stderr, /cannot remove container "\/busy": container is running: stop the container before/)
    live.says('rm', '-f', 'busy')
    assert.equal(live.command('rm', 'busy').status, 1)
    assert.equal(live.command('rm', '-f', 'busy').status, 0)
  })
})

describe('restart policies', { skip }, () => {
  test('on-failure:2: three runs, then it stays down', async () => {
    live.start(['--name', 'ff', '--restart', 'on-failure:2'], 'sh', '-c', 'echo run; exit 3')
    await eventually('it is down', () => status('ff') === 'exited')
    assert.equal(live.says('logs', 'ff'), 'run\nrun\nrun')
    assert.deepEqual(
      [live.field('ff', '{{.RestartCount}}'), live.field('ff', '{{.State.ExitCode}}')],
      ['2', '3'],
    )
  })

  test('always: after a success and after a SIGKILL from outside; stop means stop', async () => {
    live.start(['--name', 'aa', '--restart', 'always'], 'sh', '-c', 'echo run; sleep 100')
    await eventually('it runs', () => live.says('logs', 'aa') === 'run')
    process.kill(Number(live.field('aa', '{{.State.Pid}}')), 'SIGKILL')
    await eventually('it runs again', () => live.says('logs', 'aa') === 'run\nrun')
    live.says('stop', '-t', '0', 'aa')
    assert.equal(status('aa'), 'exited')
  })

  test('stop while it waits for its next run', async () => {
    live.start(['--name', 'bb', '--restart', 'always'], 'sh', '-c', 'exit 1')
    await eventually('it waits', () => status('bb') === 'restarting')
    await eventually('it is stopped', () => {
      live.says('stop', 'bb')
      return status('bb') === 'exited'
    })
    live.says('rm', 'bb')
  })
})

describe('when a monitor is killed', { skip }, () => {
  test('its container ends, ps tells the truth, and the next command cleans up', async () => {
    const id = live.start(['--name', 'mm'], 'sleep', '100')
    const pid = Number(live.field('mm', '{{.State.Pid}}'))
    const monitor = Number(/^PPid:\s(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1])
    process.kill(monitor, 'SIGKILL')
    await eventually('it is gone', () => !existsSync(`/proc/${pid}`))
    assert.deepEqual([status('mm'), live.field('mm', '{{.State.ExitCode}}')], ['exited', '137'])
    live.says('start', 'mm')
    assert.equal(status('mm'), 'running')
    assert.ok(existsSync(join(live.tinyctr.root, id)))
  })
})
