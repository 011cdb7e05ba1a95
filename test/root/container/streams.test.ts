/** What goes in and out of a container that outlives its caller: log, attach, exec, terminals. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { binary, IMAGE, skip } from '../tinyctr.ts'
import { eventually, lives, onTerminal } from './lives.ts'

const live = lives()
const LET_GO = '\x10\x11'

function logFiles(id: string): string[] {
  const folder = join(live.tinyctr.dataRoot, 'containers', id)
  const files = readdirSync(folder).filter((name) => name.includes('-json.log'))
  return files.map((name) => join(folder, name)).sort()
}

describe('the log', { skip }, () => {
  test('docker’s json-file: an object a line, its stream, its time', async () => {
    const script =
      'printf "tab\\t quote\\" back\\\\\\\\ <&> \\303\\251 bad\\377\\n"; echo err >&2; printf "no newline"'
    const id = live.start([], 'sh', '-c', script)
    live.says('wait', id)
    const [file = ''] = logFiles(id)
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    const entries = lines.map((line) => JSON.parse(line) as { log: string; stream: string; time: string })
    const of = (stream: string) => entries.filter((entry) => entry.stream === stream).map(({ log }) => log)
    assert.deepEqual(of('stdout'), ['tab\t quote" back\\ <&> é bad\ufffd\n', 'no newline'])
    assert.deepEqual(of('stderr'), ['err\n'])
    for (const { time } of entries) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
    assert.match(
      lines[0]!,
      /^\{"log":"tab\\u0009 quote\\" back\\\\ \\u003c\\u0026\\u003e é bad\\ufffd\\n","stream":"stdout","time":/,
    )
  })

  test('complete and in order across rotation, followed while it is written', async () => {
    const count = 12_000
    const script = `awk 'BEGIN { for (i = 0; i < ${count}; i++) printf "%08d ${'x'.repeat(60)}\\n", i }'`
    const id = live.start(
      ['--log-opt', 'max-size=50k', '--log-opt', 'max-file=100'],
      'sh',
      '-c',
      `sleep 0.3; ${script}`,
    )
    const followed = live.command('logs', '-f', id).stdout
    const expected = Array.from({ length: count }, (_, i) => String(i).padStart(8, '0'))
    const numbers = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(0, 8))
    assert.deepEqual(numbers(followed), expected)
    assert.deepEqual(numbers(live.tinyctr.command(['logs', id]).stdout), expected)
    const files = logFiles(id)
    assert.ok(files.length > 20, `${files.length} files`)
    for (const file of files) assert.ok(statSync(file).size < 51_000, `${file}: ${statSync(file).size}`)
  })

  test('only so many files are kept', () => {
    const id = live.start(['--log-opt', 'max-size=10k', '--log-opt', 'max-file=2'], 'seq', '1', '5000')
    live.says('wait', id)
    assert.equal(logFiles(id).length, 2)
    assert.match(live.says('logs', '--tail', '1', id), /^5000$/)
  })

  test('--tail, --since, --until, --timestamps', async () => {
    const id = live.start([], 'sh', '-c', 'for i in 1 2 3 4 5; do echo $i; sleep 0.05; done')
    live.says('wait', id)
    assert.equal(live.says('logs', '--tail', '2', id), '4\n5')
    assert.equal(live.says('logs', '-n', '0', id), '')
    const times = live
      .says('logs', '-t', id)
      .split('\n')
      .map((line) => line.split(' ')[0]!)
    assert.equal(live.says('logs', '--since', times[2]!, id), '3\n4\n5')
    assert.equal(live.says('logs', '--since', times[1]!, '--until', times[2]!, id), '2\n3')
  })

  test('--details: the labels and variables that the log was to have', () => {
    const id = live.start(
      [
        '--log-opt',
        'labels=team',
        '--log-opt',
        'env-regex=^A',
        '-l',
        'team=a b',
        '-l',
        'x=y',
        '-e',
        'A1=1&2',
        '-e',
        'B=2',
      ],
      'echo',
      'said',
    )
    live.says('wait', id)
    assert.equal(live.says('logs', '--details', id), 'A1=1%262,team=a+b said')
    assert.match(live.says('logs', '--details', '-t', id), /^\S+Z A1=1%262,team=a\+b said$/)
    assert.equal(live.says('logs', id), 'said')
  })

  test('a long line comes in pieces and is whole again; none keeps nothing', () => {
    const id = live.start([], 'sh', '-c', 'head -c 50000 /dev/zero | tr "\\0" y; echo')
    live.says('wait', id)
    assert.equal(live.says('logs', id), 'y'.repeat(50_000))
    const lines = readFileSync(logFiles(id)[0]!, 'utf8').trimEnd().split('\n')
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { log: string }).log.length),
      [16384, 16384, 16384, 849],
    )
    const none = live.start(['--log-driver', 'none'], 'echo', 'x')
    live.says('wait', none)
    assert.match(live.command('logs', none).stderr, /does not support reading/)
  })
})

describe('attach', { skip }, () => {
  test('two at once see the same, one types, both learn the exit code', async () => {
    const id = live.start(
      ['-i'],
      'sh',
      '-c',
      'while read line; do echo got $line; [ $line = end ] && exit 8; done',
    )
    const clients = [1, 2].map(() =>
      spawn(binary, [...live.tinyctr.globalFlags, 'attach', id], { stdio: ['pipe', 'pipe', 'pipe'] }),
    )
    const outputs = clients.map((client) => {
      const seen = { text: '' }
      client.stdout.on('data', (piece) => {
        seen.text += piece
      })
      return seen
    })
    const codes = clients.map((client) => once(client, 'exit'))
    clients[0]!.stdin.write('one\n')
    await eventually(
      'both see it',
      () =>
        outputs.every(({ text }) => text.endsWith('got one\n')) ||
        (clients[0]!.stdin.write('one\n') && false),
    )
    clients[1]!.stdin.write('end\n')
    assert.deepEqual(
      (await Promise.all(codes)).map(([code]) => code),
      [8, 8],
    )
    for (const { text } of outputs) assert.match(text, /got end\n$/)
  })

  test('a client that is killed leaves the container as it is', async () => {
    const id = live.start([], 'sh', '-c', 'while :; do echo x; sleep 0.01; done')
    const client = spawn(binary, [...live.tinyctr.globalFlags, 'attach', id], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await once(client.stdout, 'data')
    client.kill('SIGKILL')
    const before = live.says('logs', id).length
    await eventually('it goes on', () => live.says('logs', id).length > before + 20)
  })

  test('to what does not run: docker’s words', () => {
    const id = live.start([], 'true')
    live.says('wait', id)
    assert.match(
      live.command('attach', id).stderr,
      /You cannot attach to a stopped container, start it first/,
    )
  })
})

describe('terminals', { skip }, () => {
  test('run -it, let go, attach, resize, let go again: the shell is the same', () => {
    const first = onTerminal(
      live.tinyctr,
      [
        ['expect', '#'],
        ['send', 'x=4$((1+1))\r'],
        ['expect', '#'],
        ['send', LET_GO],
        ['expect', 'read escape sequence'],
      ],
      ['run', '-it', '--name', 'tt', '--cgroup-parent', live.tinyctr.cgroupParent, IMAGE, 'sh'],
    )
    assert.deepEqual([first.code, first.restored], [0, true], first.output)
    assert.equal(live.field('tt', '{{.State.Status}}'), 'running')
    const second = onTerminal(
      live.tinyctr,
      [
        ['send', 'echo is $x\r'],
        ['expect', 'is 42'],
        ['resize', 40, 120],
        ['send', 'stty size\r'],
        ['expect', '40 120'],
        ['send', 'exit 3\r'],
      ],
      ['attach', 'tt'],
    )
    assert.deepEqual([second.code, second.restored], [3, true], second.output)
  })

  test('keys of one’s own', () => {
    live.start(['-it', '--name', 'kk'], 'sh')
    const { code, restored } = onTerminal(
      live.tinyctr,
      [
        ['send', '\r'],
        ['expect', '#'],
        ['send', '\x18z'],
      ],
      ['attach', '--detach-keys', 'ctrl-x,z', 'kk'],
    )
    assert.deepEqual([code, restored], [0, true])
  })

  test('a client killed with SIGKILL: the container lives, its terminal is as it was', async () => {
    live.start(['-it', '--name', 'ss'], 'sh')
    const { code, restored } = onTerminal(
      live.tinyctr,
      [
        ['send', 'echo a$((1+1))\r'],
        ['expect', 'a2'],
        ['signal', 9],
      ],
      ['attach', 'ss'],
    )
    assert.deepEqual([code, restored], [137, true])
    assert.equal(live.field('ss', '{{.State.Status}}'), 'running')
  })

  test('exec -it: a terminal of its own with the caller’s size, and its exit code', () => {
    live.start(['--name', 'ee'], 'sleep', '100')
    const { output, code, restored } = onTerminal(
      live.tinyctr,
      [
        ['expect', '33 99'],
        ['resize', 40, 120],
        ['expect', '40 120'],
      ],
      [
        'exec',
        '-it',
        'ee',
        'sh',
        '-c',
        'trap "stty size; exit 5" WINCH; stty size; while :; do sleep 0.05; done',
      ],
    )
    assert.deepEqual([code, restored], [5, true], output)
  })
})

describe('exec', { skip }, () => {
  test('in the container, as asked; PID 1 is the container’s', () => {
    live.start(['--name', 'xx', '-e', 'A=1'], 'sleep', '100')
    assert.equal(
      live.says(
        'exec',
        '-e',
        'B=2',
        '-w',
        '/tmp',
        '-u',
        '1000:1001',
        'xx',
        'sh',
        '-c',
        'echo $A$B $PWD $(id -u):$(id -g)',
      ),
      '12 /tmp 1000:1001',
    )
    assert.match(live.says('exec', 'xx', 'ps', 'aux'), /^ +1 root +sleep 100$/m)
    assert.equal(live.command('exec', 'xx', 'sh', '-c', 'exit 9').status, 9)
    assert.equal(live.command('exec', 'xx', 'no-such').status, 127)
    assert.equal(live.tinyctr.command(['exec', '-i', 'xx', 'cat'], { input: 'typed' }).stdout, 'typed')
    assert.equal(live.says('exec', 'xx', 'cat'), '')
  })

  test('-d: comes back at once', async () => {
    live.start(['--name', 'dd'], 'sleep', '100')
    assert.equal(live.says('exec', '-d', 'dd', 'sh', '-c', 'sleep 0.2; echo done >/done'), '')
    await eventually('it has been done', () => live.command('exec', 'dd', 'cat', '/done').stdout === 'done\n')
  })

  test('a container that does not run: 1, in docker’s words', () => {
    const id = live.start([], 'true')
    live.says('wait', id)
    const { status, stderr } = live.command('exec', id, 'true')
    assert.equal(status, 1)
    assert.match(stderr, /container [0-9a-f]{64} is not running/)
  })
})
