/** `events`: what commands, monitors and executors tell, also of what is long gone. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { binary, IMAGE, skip } from '../tinyctr.ts'
import { eventually, lives, onTerminal } from './lives.ts'

const live = lives()
const FORMAT = '{{.Type}} {{.Action}}'

/** What was told of it so far. */
const told = (container: string, format = FORMAT): string[] =>
  live
    .says(
      'events',
      '--since',
      '1h',
      '--until',
      '0s',
      '--filter',
      `container=${container}`,
      '--format',
      format,
    )
    .split('\n')

describe('events', { skip }, () => {
  test('of a container that removed itself: its whole life', () => {
    live.tinyctr.run(['--name', 'gone', '--label', 'a=b'], ['sh', '-c', 'exit 3'])
    assert.deepEqual(
      told(
        'gone',
        '{{.Action}} {{.Actor.Attributes.a}} {{.Actor.Attributes.image}} {{.Actor.Attributes.exitCode}}',
      ),
      [
        `create b ${IMAGE} <no value>`,
        `start b ${IMAGE} <no value>`,
        `die b ${IMAGE} 3`,
        `destroy b ${IMAGE} <no value>`,
      ],
    )
    live.start(['--rm', '--name', 'stopped'], 'sleep', '100')
    live.says('pause', 'stopped')
    live.says('unpause', 'stopped')
    live.says('kill', '-s', 'KILL', 'stopped')
    assert.deepEqual(told('stopped', '{{.Action}}{{with .Actor.Attributes.signal}} {{.}}{{end}}'), [
      'create',
      'start',
      'pause',
      'unpause',
      'kill 9',
      'die',
      'stop',
      'destroy',
    ])
  })

  test('of a program that exec runs: made, started, ended, with one id', () => {
    const id = live.start(['--name', 'busy'], 'sleep', '100')
    live.command('exec', 'busy', 'sh', '-c', 'exit 4')
    live.says('exec', '-d', 'busy', 'true')
    const lines = (): string[] =>
      told('busy', '{{.Action}}|{{.Actor.Attributes.execID}}|{{.Actor.Attributes.exitCode}}').filter((line) =>
        line.startsWith('exec'),
      )
    const [made = '', started = '', ended = ''] = lines()
    const execId = made.split('|')[1]
    assert.match(execId ?? '', /^[0-9a-f]{64}$/)
    assert.equal(made, `exec_create: sh -c exit 4|${execId}|<no value>`)
    assert.equal(started, `exec_start: sh -c exit 4|${execId}|<no value>`)
    assert.equal(ended, `exec_die|${execId}|4`)
    assert.equal(
      live
        .says('events', '--since', '1h', '--until', '0s', '-f', 'event=exec_create', '-f', `container=${id}`)
        .split('\n').length,
      2,
    )
  })

  test('of the other verbs', async () => {
    const id = live.start(['-it', '--name', 'one'], 'sh')
    live.says('update', '--restart', 'on-failure', 'one')
    live.says('top', 'one')
    live.says('rename', 'one', 'two')
    live.says('export', '-o', '/dev/null', 'two')
    live.says('cp', 'two:/etc/hosts', '-')
    live.says('commit', '-m', 'why', 'two', 'committed')
    onTerminal(
      live.tinyctr,
      [
        ['expect', '#'],
        ['resize', 50, 60],
        ['send', '\x10\x11'],
      ],
      ['attach', 'two'],
    )
    live.says('restart', '-t', '0', 'two')
    await eventually('it is up', () => live.field('two', '{{.State.Running}}') === 'true')
    const actions = told(id, '{{.Action}}')
    assert.deepEqual(
      actions.filter((action) => !/^(create|start|kill|die|stop|resize)$/.test(action)),
      ['update', 'top', 'rename', 'export', 'archive-path', 'commit', 'attach', 'detach', 'restart'],
    )
    const sizes = told(id, '{{.Action}} {{.Actor.Attributes.height}}x{{.Actor.Attributes.width}}')
    assert.ok(sizes.includes('resize 50x60'), sizes.join('\n'))
    live.says('rmi', '-f', 'committed')
  })

  test('of images', () => {
    live.says('tag', IMAGE, 'other:1')
    live.says('save', '-o', '/dev/null', 'other:1')
    live.says('rmi', 'other:1')
    const lines = live
      .says(
        'events',
        '--since',
        '1h',
        '--until',
        '0s',
        '--filter',
        'type=image',
        '--format',
        '{{.Action}} {{.Actor.Attributes.name}}',
      )
      .split('\n')
    assert.ok(lines.includes('tag other:1'), lines.join('\n'))
    assert.ok(lines.includes('save other:1'), lines.join('\n'))
    assert.match(lines.at(-1) ?? '', /^untag sha256:[0-9a-f]{64}$/)
  })

  test('while they happen: each once, none lost of a container that lives a moment', async () => {
    const follower = spawn(
      binary,
      [...live.tinyctr.globalFlags, 'events', '--format', '{{.Action}} {{.Actor.Attributes.name}}'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let text = ''
    follower.stdout.on('data', (piece) => {
      text += piece
    })
    // It has begun to look when it tells of the first.
    await eventually('it follows', () => {
      live.tinyctr.run(['--name', 'first'], ['true'])
      return text.includes('destroy first')
    })
    const names = Array.from({ length: 8 }, (_, i) => `moment-${i}`)
    for (const name of names) live.tinyctr.run(['--name', name], ['true'])
    live.start(['--name', 'kept'], 'true')
    live.says('wait', 'kept')
    live.says('rm', 'kept')
    await eventually('all is told', () => text.includes('destroy kept'))
    follower.kill('SIGTERM')
    await once(follower, 'exit')
    for (const name of [...names, 'kept']) {
      const own = text.split('\n').filter((line) => line.endsWith(` ${name}`))
      assert.deepEqual(
        own,
        ['create', 'start', 'die', 'destroy'].map((action) => `${action} ${name}`),
      )
    }
  })
})
