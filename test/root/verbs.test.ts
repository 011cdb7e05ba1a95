/** What one asks of a container that runs: ps, inspect, top, stats, diff, cp, events, port, and what is left to prune. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { IMAGE, skip, Tinyctr } from './tinyctr.ts'

describe('verbs', { skip }, () => {
  const tinyctr = skip ? (undefined as never) : new Tinyctr()
  const said = (...args: string[]): string => {
    const { status, stdout, stderr } = tinyctr.command(args)
    assert.equal(status, 0, stderr)
    return stdout.trimEnd()
  }
  const failed = (...args: string[]): { status: number | null; stderr: string } => {
    const { status, stderr } = tinyctr.command(args)
    return { status, stderr: stderr.trimEnd() }
  }
  const start = (name: string, script: string, ...flags: string[]): string =>
    said(
      'run',
      '-d',
      '--name',
      name,
      '--cgroup-parent',
      tinyctr.cgroupParent,
      ...flags,
      IMAGE,
      'sh',
      '-c',
      script,
    )
  let id = ''

  before(async () => {
    await tinyctr.image('box', {})
    id = start(
      'busy',
      'rm /bin/vi; echo new > /etc/new; mkdir /made; touch /ready; while :; do :; done',
      '-l',
      'app=shop',
      '-v',
      'data:/data',
    )
    while (tinyctr.command(['cp', 'busy:/ready', '-']).status !== 0);
  })
  after(() => {
    tinyctr.command(['rm', '-f', '-v', 'busy'])
    tinyctr.remove()
  })

  test('ps and its group spelling', () => {
    assert.match(
      said('ps'),
      /^CONTAINER ID {3}IMAGE .*\n[0-9a-f]{12} {3}localhost\/box:latest {3}"sh -c 'rm \/bin\/vi; …" .* Up .* busy$/,
    )
    assert.equal(said('container', 'ls', '-q', '--no-trunc'), id)
    assert.equal(
      said('ps', '--format', '{{.Names}} {{.State}} {{.Mounts}} {{.Label "app"}}'),
      'busy running data shop',
    )
    assert.match(said('ps', '-s', '--format', '{{.Size}}'), /^\d+B \(virtual [\d.]+MB\)$/)
    assert.equal(said('ps', '--filter', 'label=app=blog', '-q'), '')
  })

  test('inspect, of containers, images and volumes', () => {
    const pid = Number(said('inspect', '-f', '{{.State.Pid}}', 'busy'))
    assert.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /^sh\0-c\0/)
    assert.equal(said('inspect', '-f', '{{.Id}}', id.slice(0, 10)), id)
    assert.equal(said('inspect', '-f', '{{(index .Mounts 0).Name}} {{len .Mounts}}', 'busy'), 'data 1')
    assert.match(said('inspect', '-f', '{{.Architecture}}', IMAGE), /^(?:amd64|arm64)$/)
    assert.equal(said('inspect', '--type', 'volume', '-f', '{{.Driver}}', 'data'), 'local')
    const missing = tinyctr.command(['inspect', 'nobody'])
    assert.deepEqual(
      { status: missing.status, stdout: missing.stdout, stderr: missing.stderr },
      { status: 1, stdout: '[]\n', stderr: 'tinyctr: No such object: nobody\n' },
    )
    assert.equal(failed('inspect', '-f', '{{.Id', 'busy').status, 64)
  })

  test('top shows the processes as the host sees them', () => {
    const pid = said('inspect', '-f', '{{.State.Pid}}', 'busy')
    const [heading, ...lines] = said('top', 'busy', '-o', 'pid,comm').split('\n')
    assert.match(heading!, /^PID +COMMAND$/)
    assert.deepEqual(
      lines.map((line) => line.trim().split(/\s+/)),
      [[pid, 'sh']],
    )
    assert.match(said('top', 'busy').split('\n')[0]!, /^UID +PID +PPID +C +STIME +TTY +TIME +CMD$/)
  })

  test('stats: a busy loop takes a processor, and the cgroup says how long', () => {
    const [cpu = '', pids, pressure = ''] = said(
      'stats',
      '--no-stream',
      '--format',
      '{{.CPUPerc}} {{.PIDs}} {{.Pressure}}',
      'busy',
    ).split(' ')
    assert.match(cpu, /^\d+\.\d\d%$/)
    assert.ok(Number.parseFloat(cpu) > 5, `a busy loop used ${cpu}`)
    assert.equal(pids, '1')
    assert.match(pressure, /^(?:\d+\.\d\d%|--)$/)
    assert.deepEqual(failed('stats', '--no-stream', 'nobody').status, 1)
  })

  test('diff: what was added, changed and deleted', () => {
    assert.deepEqual(said('diff', 'busy').split('\n'), [
      'C /bin',
      'D /bin/vi',
      'C /etc',
      'A /etc/new',
      'A /made',
      'A /ready',
    ])
  })

  test('cp, by the rules of cp(1)', () => {
    const source = join(tinyctr.folder, 'source')
    mkdirSync(join(source, 'sub'), { recursive: true })
    writeFileSync(join(source, 'sub/file'), 'text', { mode: 0o640 })
    symlinkSync('sub/file', join(source, 'link'))
    said('cp', source, 'busy:/made')
    assert.equal(said('exec', 'busy', 'cat', '/made/source/link'), 'text')
    assert.equal(said('exec', 'busy', 'stat', '-c', '%a %u:%g', '/made/source/sub/file'), '640 0:0')
    said('cp', `${source}/.`, 'busy:/made/contents')
    assert.equal(said('exec', 'busy', 'ls', '/made/contents'), 'link\nsub')
    said('cp', join(source, 'sub/file'), 'busy:/made/renamed')
    assert.equal(said('exec', 'busy', 'cat', '/made/renamed'), 'text')
    const back = join(tinyctr.folder, 'back')
    said('cp', 'busy:/made/source', back)
    assert.equal(readFileSync(join(back, 'link'), 'utf8'), 'text')
    assert.deepEqual(failed('cp', 'busy:/nowhere', back), {
      status: 1,
      stderr: 'tinyctr: Could not find the file /nowhere in container busy',
    })
    assert.deepEqual(failed('cp', source, 'busy:/etc/hostname'), {
      status: 1,
      stderr: 'tinyctr: cannot copy directory',
    })
    assert.match(
      failed('cp', 'busy:/a', 'busy:/b').stderr,
      /^tinyctr: copying between containers is not supported\n/,
    )
  })

  test('cp of a container that does not run, and its volume', () => {
    said('cp', join(tinyctr.folder, 'source/sub/file'), 'busy:/data/kept')
    said('stop', '-t', '0', 'busy')
    said('cp', join(tinyctr.folder, 'source/sub/file'), 'busy:/made/late')
    assert.equal(said('diff', 'busy').includes('A /made/late'), true)
    said('cp', 'busy:/data/kept', join(tinyctr.folder, 'from-volume'))
    assert.equal(readFileSync(join(tinyctr.folder, 'from-volume'), 'utf8'), 'text')
    assert.deepEqual(failed('top', 'busy').stderr, `tinyctr: container ${id} is not running`)
  })

  test('events tell its story, and after it is gone too', () => {
    const story = (): string[] =>
      said(
        'events',
        '--since',
        '1h',
        '--until',
        '0s',
        '--filter',
        'container=busy',
        '--format',
        '{{.Action}} {{.Actor.Attributes.exitCode}}',
      )
        .split('\n')
        .filter((line) => /^(create|start|kill|die|stop|destroy) /.test(line))
    assert.deepEqual(story(), [
      'create <no value>',
      'start <no value>',
      'kill <no value>',
      'die 137',
      'stop <no value>',
    ])
    assert.match(said('system', 'df'), /^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE\nImages +1 +1 /)
    assert.match(
      failed('volume', 'rm', 'data').stderr,
      new RegExp(`remove data: volume is in use - \\[${id}\\]`),
    )
    assert.match(
      said('container', 'prune', '-f'),
      new RegExp(`^Deleted Containers:\n${id}\n\nTotal reclaimed space: \\d+B$`),
    )
    assert.deepEqual(story().at(-1), 'destroy <no value>')
    assert.equal(said('volume', 'prune', '-f'), 'Total reclaimed space: 0B')
    assert.equal(
      said('volume', 'prune', '-f', '--all'),
      'Deleted Volumes:\ndata\n\nTotal reclaimed space: 4B',
    )
  })
})
