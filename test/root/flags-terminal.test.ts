/** `-t` and `-it` through a real pseudo-terminal. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { onTerminal, type Step } from './terminal.ts'
import { skip, tinyctrForTests } from './tinyctr.ts'

const tinyctr = tinyctrForTests()

const interactive = ['-i', '-t']

describe('a terminal', { skip }, () => {
  test('-t alone: standard output is a terminal', () => {
    const { stdout } = tinyctr.run(['-t'], ['/bin/sh', '-c', 'tty; test -t 1 && echo yes; echo $TERM'])
    assert.equal(stdout, '/dev/pts/0\r\nyes\r\nxterm\r\n')
  })

  test('-it without a terminal is a clear error', () => {
    const { status, stderr } = tinyctr.run(interactive, ['true'])
    assert.equal(status, 125)
    assert.match(stderr, /not a TTY/)
  })

  test('its size is the caller’s, and follows it', () => {
    const script = 'stty size; trap "stty size; exit 5" WINCH; echo ready; while :; do sleep 0.1; done'
    const { output, code, restored } = onTerminal(
      tinyctr,
      [
        ['expect', '33 99'],
        ['expect', 'ready'],
        ['resize', 40, 120],
        ['expect', '40 120'],
      ],
      interactive,
      ['/bin/sh', '-c', script],
    )
    assert.deepEqual({ code, restored }, { code: 5, restored: true }, output)
  })

  test('keys go in; Ctrl-C interrupts the program inside, not tinyctr', () => {
    const script =
      'trap "echo interrupted; exit 4" INT; read line; echo got $line; while :; do sleep 0.1; done'
    const { output, code, restored } = onTerminal(
      tinyctr,
      [
        ['send', 'hello\r'],
        ['expect', 'got hello'],
        ['send', '\x03'],
        ['expect', 'interrupted'],
      ],
      interactive,
      ['/bin/sh', '-c', script],
    )
    assert.deepEqual({ code, restored }, { code: 4, restored: true }, output)
  })

  test('the terminal is as before after a death by signal', () => {
    const { code, restored } = onTerminal(
      tinyctr,
      [],
      [...interactive, '--init'],
      ['/bin/sh', '-c', 'kill -KILL $$'],
    )
    assert.deepEqual({ code, restored }, { code: 137, restored: true })
  })

  test('the terminal is as before after SIGTERM to tinyctr', () => {
    const script = 'trap "exit 6" TERM; echo ready; while :; do sleep 0.1; done'
    const steps: Step[] = [
      ['expect', 'ready'],
      ['signal', 15],
    ]
    const { code, restored } = onTerminal(tinyctr, steps, interactive, ['/bin/sh', '-c', script])
    assert.deepEqual({ code, restored }, { code: 6, restored: true })
  })

  test('an interactive shell has job control', () => {
    const { output, code } = onTerminal(
      tinyctr,
      [
        ['expect', '#'],
        ['send', 'echo in-$((40+2))\r'],
        ['expect', 'in-42'],
        ['send', 'sh -c "echo as$((1))leep; exec sleep 100"\r'],
        ['expect', 'as1leep'],
        ['send', '\x03'],
        ['send', 'exit 3\r'],
      ],
      interactive,
      ['/bin/sh'],
    )
    assert.equal(code, 3, output)
    assert.doesNotMatch(output, /job control turned off/)
  })

  test('-u: the terminal is the user’s', () => {
    const { stdout } = tinyctr.run(['-t', '-u', '1000'], ['/bin/sh', '-c', 'stat -c %u $(tty); : </dev/tty'])
    assert.equal(stdout, '1000\r\n')
  })
})
