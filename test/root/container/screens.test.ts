/** Programs that draw, in a terminal as people have it: what is on the screen, after every step. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { binary, IMAGE, skip } from '../tinyctr.ts'
import { eventually, lives } from './lives.ts'
import { missing, Window } from './tmux.ts'

const live = lives()

async function inWindow(work: (window: Window, tinyctr: string) => Promise<void>): Promise<void> {
  const window = new Window(live.tinyctr.folder)
  try {
    await work(window, [binary, ...live.tinyctr.globalFlags].join(' '))
  } finally {
    window.close()
  }
}

/** For busybox's shell: what it reads together with the terminal's answer to where the cursor is, it forgets. */
const forShell = (text: string): string => ' '.repeat(16) + text

const prompt = /^\/ # $|^\/ #$/m

describe('screens', { skip: skip || missing }, () => {
  for (const [name, begin] of [
    [
      'run -it',
      (tinyctr: string) =>
        `${tinyctr} run -it --name scr --cgroup-parent ${live.tinyctr.cgroupParent} -e TERM=$TERM ${IMAGE} sh`,
    ],
    ['exec -it', (tinyctr: string) => `${tinyctr} exec -it -e TERM=$TERM scr sh`],
  ] as const) {
    test(`${name}: vi and top draw, and draw anew in a window of another size`, async () => {
      if (name === 'exec -it') live.start(['--name', 'scr'], 'sleep', '100')
      await inWindow(async (window, tinyctr) => {
        window.line(begin(tinyctr))
        await window.shows(prompt)
        window.line(forShell('vi /tmp/text'))
        await window.shows(/^~$/m)
        window.keys('i')
        window.keys('-l', 'first line')
        window.keys('Enter')
        window.keys('-l', 'second line')
        window.keys('Escape')
        await window.shows(/^first line\nsecond line\n~[\s\S]*^- \/tmp\/text/m)
        assert.equal(window.screen().split('\n').length, 24)
        window.line(':wq')
        await window.shows(/\/ # *$/)
        window.line(forShell('clear'))
        await window.shows(/^\/ #\s*$/)
        window.line(forShell('cat /tmp/text; stty size'))
        await window.shows(/^first line\nsecond line\n24 80$/m)
        window.resize(100, 30)
        window.line(forShell('stty size'))
        await window.shows(/^30 100$/m)
        window.line(forShell('top'))
        await window.shows(/PID +PPID[\s\S]*sh$/m)
        window.resize(60, 12)
        await eventually('top draws within the new window', () => {
          const lines = window.screen().split('\n')
          return lines.length <= 12 && /PID +PPID/.test(lines.join('\n'))
        })
        window.keys('q')
        window.line(forShell('exit 7'))
        await window.shows(/host> *$/)
        window.line('echo code $?')
        await window.shows(/^code 7$/m)
        await window.isSane()
      })
    })
  }

  test('let go, and attach again: the same program, drawn anew', async () => {
    await inWindow(async (window, tinyctr) => {
      window.line(
        `${tinyctr} run -it --name again --cgroup-parent ${live.tinyctr.cgroupParent} -e TERM=$TERM ${IMAGE} vi /tmp/x`,
      )
      await window.shows(/^~$/m)
      window.keys('i')
      window.keys('-l', 'kept')
      await window.shows(/^kept$/m)
      window.keys('C-p', 'C-q')
      await window.shows(/read escape sequence/)
      await window.isSane()
      window.line('clear')
      window.line(`${tinyctr} attach again`)
      await window.shows(/^kept\n~/m)
      window.keys('Escape')
      await window.shows(/^- \/tmp\/x/m)
      window.line(':q!')
      await window.shows(/host> *$/)
      assert.equal(live.field('again', '{{.State.Status}} {{.State.ExitCode}}'), 'exited 0')
      await window.isSane()
    })
  })

  test('a client that is stopped and goes on; one that is killed', async () => {
    live.start(['-it', '--name', 'kk'], 'sh')
    await inWindow(async (window, tinyctr) => {
      // The shell has job control: Ctrl-Z goes to the container, a signal from elsewhere stops the client.
      window.line(`${tinyctr} attach kk`)
      window.keys('Enter')
      await window.shows(prompt)
      const client = window.job()
      assert.ok(client > 0)
      process.kill(client, 'SIGTSTP')
      await window.shows(/(Stopped|Suspended)[\s\S]*host> *$/)
      await window.isSane()
      window.line('clear')
      window.line('fg')
      window.line(forShell('echo on$((40+2))'))
      await window.shows(/^on42$/m)
      process.kill(client, 'SIGKILL')
      await window.shows(/Killed[\s\S]*host> *$/)
      await window.isSane()
      assert.equal(live.field('kk', '{{.State.Status}}'), 'running')
    })
  })
})
