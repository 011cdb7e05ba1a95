/** What `run`'s flags do to the process, seen from inside a real container. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { skip, tinyctrForTests } from './tinyctr.ts'

const tinyctr = tinyctrForTests()

describe('the process', { skip }, () => {
  test('exit codes: its own, 125, 126, 127 and 128 + signal', () => {
    const statusOf = (...command: string[]) => tinyctr.run([], command).status
    assert.equal(statusOf('true'), 0)
    assert.equal(statusOf('false'), 1)
    assert.equal(statusOf('/bin/sh', '-c', 'exit 42'), 42)
    assert.equal(statusOf('/etc/passwd'), 126)
    assert.equal(statusOf('/no/such/program'), 127)
    assert.equal(statusOf('no-such-program'), 127)
    assert.equal(tinyctr.run(['--no-such-flag'], ['true']).status, 125)
    // As PID 1 a shell ignores what it has no handler for; its child does not.
    assert.equal(statusOf('/bin/sh', '-c', 'sh -c "kill -TERM \\$\\$"; exit $?'), 128 + 15)
    assert.equal(tinyctr.run(['--init'], ['/bin/sh', '-c', 'kill -KILL $$']).status, 128 + 9)
  })

  test('-i: standard input is piped; without it, it is at its end', () => {
    assert.equal(tinyctr.run(['-i'], ['cat'], { input: 'one\ntwo\n' }).stdout, 'one\ntwo\n')
    assert.equal(tinyctr.run([], ['cat'], { input: 'one\n' }).stdout, '')
    assert.equal(tinyctr.run(['-i'], ['wc', '-c'], { input: 'x'.repeat(1_000_000) }).stdout.trim(), '1000000')
  })

  test('stdout and stderr stay apart', () => {
    const { stdout, stderr } = tinyctr.run([], ['/bin/sh', '-c', 'echo out; echo err >&2'])
    assert.deepEqual({ stdout, stderr }, { stdout: 'out\n', stderr: 'err\n' })
  })

  test('-e and --env-file: the last word counts; a bare name is taken from the caller', () => {
    const file = join(tinyctr.folder, 'variables')
    writeFileSync(file, '# comment\nA=file\nB=file with spaces\nFROM_CALLER\n')
    const flags = ['--env-file', file, '-e', 'A=flag', '-e', 'EMPTY=', '-e', 'UNSET']
    const known = 'env | grep -q ^UNSET= && echo set || echo unset'
    const script = `echo "$A|$B|$FROM_CALLER|$EMPTY|$(${known})|$HOSTNAME|$HOME|$PATH"`
    const [a, b, fromCaller, empty, unset, hostname, home, path] = tinyctr
      .inside(['--hostname', 'box', ...flags], script, { env: { FROM_CALLER: 'caller' } })
      .split('|')
    assert.deepEqual(
      [a, b, fromCaller, empty, unset, hostname, home],
      ['flag', 'file with spaces', 'caller', '', 'unset', 'box', '/root'],
    )
    assert.match(path!, /\/bin/)
  })

  test('-w: the folder is made where the image lacks it, as root', () => {
    assert.equal(tinyctr.inside(['-w', '/a/b c'], 'pwd'), '/a/b c')
    assert.equal(tinyctr.inside(['-w', '/new', '-u', '1000'], 'stat -c %u:%a .'), '0:755')
  })

  test('-u and --group-add: names, ids, groups', () => {
    const identity = 'echo $(id -u):$(id -g):$(id -G | tr " " "\\n" | sort -n | tr "\\n" ,)'
    assert.equal(tinyctr.inside([], identity), '0:0:0,')
    assert.equal(tinyctr.inside(['-u', '1234'], identity), '1234:0:0,')
    assert.equal(tinyctr.inside(['-u', '1234:567'], identity), '1234:567:567,')
    assert.equal(tinyctr.inside(['-u', 'nobody'], identity), '65534:65534:65534,')
    assert.equal(tinyctr.inside(['-u', '5:6', '--group-add', '77'], identity), '5:6:6,77,')
    assert.equal(
      tinyctr.inside(['-u', '5:6', '--group-add', 'nogroup', '--group-add', '77'], identity),
      '5:6:6,77,65534,',
    )
    const { status, stderr } = tinyctr.run(['-u', 'somebody'], ['true'])
    assert.equal(status, 125)
    assert.match(stderr, /unable to find user somebody/)
  })

  test('--entrypoint replaces the program; empty takes the image’s away', () => {
    assert.equal(tinyctr.run(['--entrypoint', '/bin/echo'], ['a', 'b']).stdout, 'a b\n')
    assert.equal(tinyctr.run(['--entrypoint', ''], ['echo', 'c']).stdout, 'c\n')
  })

  test('--init: PID 1 reaps orphans, passes SIGTERM on and ends with the exit code of its child', async () => {
    const orphans = 'sh -c "sleep 0.1 & sleep 0.1 &"; sleep 0.5; ps -o pid,stat,comm; echo $$'
    const listing = tinyctr.inside(['--init'], orphans)
    assert.doesNotMatch(listing, /\bZ\b|defunct/)
    assert.match(listing, /^ *1 \S+ +tinyctr/m)
    assert.notEqual(listing.split('\n').at(-1), '1')
    assert.equal(tinyctr.run(['--init'], ['/bin/sh', '-c', 'exit 7']).status, 7)

    const trap = 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done'
    const child = tinyctr.start(tinyctr.runArguments(['--init'], ['/bin/sh', '-c', trap]))
    await new Promise((resolve) => child.stdout!.once('data', resolve))
    child.kill('SIGTERM')
    const code = await new Promise((resolve) => child.once('exit', resolve))
    assert.equal(code, 9)
  })

  test('a signal to tinyctr reaches the program', async () => {
    const trap = 'trap "echo usr1; exit 3" USR1; echo ready; while :; do sleep 0.1; done'
    const child = tinyctr.start(tinyctr.runArguments([], ['/bin/sh', '-c', trap]))
    await new Promise((resolve) => child.stdout!.once('data', resolve))
    child.kill('SIGUSR1')
    const code = await new Promise((resolve) => child.once('exit', resolve))
    assert.equal(code, 3)
  })

  test('--oom-score-adj', () => {
    assert.equal(tinyctr.inside(['--oom-score-adj', '321'], 'cat /proc/self/oom_score_adj'), '321')
  })

  test('--ulimit', () => {
    assert.equal(tinyctr.inside(['--ulimit', 'nofile=100:200'], 'ulimit -Sn; ulimit -Hn'), '100\n200')
    assert.match(tinyctr.inside(['--ulimit', 'core=0'], 'cat /proc/self/limits'), /Max core file size +0 +0 /)
  })

  test('the image’s Env, Entrypoint, Cmd, WorkingDir and User are honoured, and flags win', async () => {
    const image = await tinyctr.image('configured', {
      config: {
        Env: ['PATH=/bin', 'FROM=image'],
        Entrypoint: ['/bin/echo', 'entry'],
        Cmd: ['command'],
        WorkingDir: '/work',
        User: '12:34',
      },
    })
    assert.equal(tinyctr.run([], [], { image }).stdout, 'entry command\n')
    assert.equal(tinyctr.run([], ['other'], { image }).stdout, 'entry other\n')
    const script = ['-c', 'echo $FROM $(pwd) $(id -u):$(id -g)']
    const shell = ['--entrypoint', '/bin/sh']
    assert.equal(tinyctr.run(shell, script, { image }).stdout, 'image /work 12:34\n')
    const flags = [...shell, '-e', 'FROM=flag', '-w', '/tmp', '-u', '1']
    assert.equal(tinyctr.run(flags, script, { image }).stdout, 'flag /tmp 1:1\n')
    assert.match(tinyctr.run(['--entrypoint', ''], [], { image }).stderr, /no command specified/)
  })
})
