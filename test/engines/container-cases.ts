/** What docker's verbs do, for the engines that speak them. Each case cleans up after itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IMAGE, isUnified } from './runtime.ts'
import type { Result, Terminal, TerminalStep } from './sandbox.ts'

export interface ContainerEngine {
  readonly name: string
  /** The exit code of an exec whose program is not there: dockerd tells no failure from another. */
  readonly execOfNothing: 126 | 127
  run(...args: string[]): Result
  onTerminal(steps: readonly TerminalStep[], ...args: string[]): Terminal
}

/** @param network the flags without which a container would want a network */
export function containerCases(engine: () => ContainerEngine, network: readonly string[] = []): void {
  const run = (...args: string[]): Result => engine().run(...args)
  const ok = (...args: string[]): string => {
    const { status, stdout, stderr } = run(...args)
    assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`)
    return stdout.trim()
  }
  const inspect = (format: string, name: string): string => ok('inspect', '--format', format, name)
  /** A container in the background while `body` runs; gone afterwards, whatever it became. */
  const withContainer = (name: string, command: readonly string[], body: () => void): void => {
    ok('run', '-d', ...network, '--name', name, IMAGE, ...command)
    try {
      body()
    } finally {
      run('rm', '-f', name)
    }
    assert.equal(ok('ps', '-aq', '--filter', `name=${name}`), '')
  }
  const serving = ['sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.1; done']

  test('run: output, exit code, standard input', () => {
    assert.equal(ok('run', '--rm', ...network, IMAGE, 'echo', 'hello'), 'hello')
    assert.equal(run('run', '--rm', ...network, IMAGE, 'sh', '-c', 'exit 7').status, 7)
    const { stderr, stdout } = run('run', '--rm', ...network, IMAGE, 'sh', '-c', 'echo out; echo err >&2')
    assert.deepEqual([stdout, stderr], ['out\n', 'err\n'])
  })

  test('run -t and run -it', () => {
    assert.match(ok('run', '--rm', '-t', ...network, IMAGE, 'tty'), /^\/dev\/(pts\/0|console)$/)
    // The size comes a moment after the start.
    const script = 'read line; echo got $line; while stty size | grep -q ^0; do :; done; stty size; exit 4'
    const { output, code } = engine().onTerminal(
      [
        ['send', 'hello\r'],
        ['expect', 'got hello'],
      ],
      ...['run', '--rm', '-it', ...network, IMAGE, 'sh', '-c', script],
    )
    assert.equal(code, 4, output)
    assert.match(output, /33 99/)
  })

  test('a program that is not there is 127, one that cannot be run 126', () => {
    assert.equal(run('run', '--rm', ...network, IMAGE, '/nothing').status, 127)
    assert.equal(run('run', '--rm', ...network, IMAGE, 'nothing').status, 127)
    assert.equal(run('run', '--rm', ...network, IMAGE, '/etc/passwd').status, 126)
    assert.equal(ok('ps', '-aq'), '')
  })

  test('run -d, exec, exec -it, top', () => {
    withContainer('busy', serving, () => {
      assert.equal(ok('exec', 'busy', 'echo', 'inside'), 'inside')
      assert.equal(run('exec', 'busy', 'sh', '-c', 'exit 5').status, 5)
      assert.equal(ok('exec', '-e', 'A=b', '-w', '/tmp', 'busy', 'sh', '-c', 'echo $A $PWD'), 'b /tmp')
      assert.equal(ok('exec', '-u', '1000:1000', 'busy', 'id', '-u'), '1000')
      assert.equal(run('exec', 'busy', '/nothing').status, engine().execOfNothing)
      assert.equal(run('exec', 'busy', '/etc/passwd').status, 126)
      const typed = engine().onTerminal(
        [
          ['send', 'hello\r'],
          ['expect', 'got hello'],
        ],
        ...['exec', '-it', 'busy', 'sh', '-c', 'read line; echo got $line; tty; exit 6'],
      )
      assert.equal(typed.code, 6, typed.output)
      assert.match(typed.output, /\/dev\/pts\/\d/)
      assert.match(ok('top', 'busy'), /trap "exit 3" TERM/)
    })
  })

  test('pause and unpause', () => {
    withContainer('still', serving, () => {
      ok('pause', 'still')
      assert.equal(inspect('{{.State.Status}}', 'still'), 'paused')
      assert.notEqual(run('exec', 'still', 'true').status, 0)
      ok('unpause', 'still')
      assert.equal(inspect('{{.State.Status}}', 'still'), 'running')
      ok('exec', 'still', 'true')
    })
  })

  test('stop lets it end, kill tells it what is said, start makes it live again', () => {
    withContainer('mortal', serving, () => {
      ok('stop', '-t', '10', 'mortal')
      assert.equal(inspect('{{.State.Status}} {{.State.ExitCode}}', 'mortal'), 'exited 3')
      ok('start', 'mortal')
      assert.equal(inspect('{{.State.Status}}', 'mortal'), 'running')
      ok('kill', '-s', 'KILL', 'mortal')
      assert.equal(ok('wait', 'mortal'), '137')
    })
  })

  test('an init that ignores SIGTERM is killed', () => {
    const deaf = ['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done']
    withContainer('deaf', deaf, () => {
      ok('stop', '-t', '1', 'deaf')
      assert.equal(inspect('{{.State.ExitCode}}', 'deaf'), '137')
    })
    withContainer('deaf', deaf, () => {
      ok('rm', '-f', ...(engine().name === 'podman' ? ['-t', '0'] : []), 'deaf')
    })
  })

  test('files: a volume, a read-only root, a tmpfs', () => {
    const script =
      'touch /x 2>/dev/null || echo readonly; touch /scratch/x && echo writable; cat /data/hostname'
    const flags = ['--read-only', '--tmpfs', '/scratch', '-v', '/etc:/data:ro']
    assert.match(ok('run', '--rm', ...network, ...flags, IMAGE, 'sh', '-c', script), /^readonly\nwritable\n./)
  })

  test('update and limits', { skip: !isUnified && 'needs cgroup v2 with its controllers' }, () => {
    const limits = ['--memory', '64m', '--memory-swap', '64m', '--pids-limit', '50', '--cpus', '0.5']
    const files = ['memory.max', 'memory.swap.max', 'pids.max', 'cpu.max'].map(
      (name) => `/sys/fs/cgroup/${name}`,
    )
    assert.deepEqual(ok('run', '--rm', ...network, ...limits, IMAGE, 'cat', ...files).split('\n'), [
      '67108864',
      '0',
      '50',
      '50000 100000',
    ])
    withContainer('small', serving, () => {
      ok('update', '--cpus', '0.5', 'small')
      assert.equal(ok('exec', 'small', 'cat', '/sys/fs/cgroup/cpu.max'), '50000 100000')
    })
  })
}
