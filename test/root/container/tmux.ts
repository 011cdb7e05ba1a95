/** A shell in a window of tmux, as people have it: keys go in, the screen is looked at. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { eventually } from './lives.ts'

export const missing: string | false = existsSync('/usr/bin/tmux') ? false : 'needs tmux'

export class Window {
  private readonly socket: string

  /** @param folder for the server's socket; a server of its own, with nobody's settings */
  constructor(folder: string) {
    this.socket = `${folder}/tmux`
    this.tmux('-f', '/dev/null', 'new-session', '-d', '-x', '80', '-y', '24', 'env PS1="host> " sh')
    this.tmux('set', '-g', 'window-size', 'manual')
  }

  private tmux(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync('tmux', ['-S', this.socket, ...args], { encoding: 'utf8' })
    assert.equal(status, 0, `tmux ${args.join(' ')}: ${stderr}`)
    return stdout
  }

  /** In tmux's words: `Enter`, `C-p`; everything else as it is. */
  keys(...keys: string[]): void {
    this.tmux('send-keys', ...keys)
  }

  line(text: string): void {
    this.tmux('send-keys', '-l', text)
    this.keys('Enter')
  }

  resize(columns: number, rows: number): void {
    this.tmux('resize-window', '-x', String(columns), '-y', String(rows))
  }

  /** Without spaces at the ends of lines and empty lines at the end. */
  screen(): string {
    return this.tmux('capture-pane', '-p').trimEnd()
  }

  async shows(what: RegExp): Promise<void> {
    try {
      await eventually(`the screen shows ${what}`, () => what.test(this.screen()))
    } catch (cause) {
      throw new Error(`it shows\n${this.screen()}`, { cause })
    }
  }

  /** The foreground job of its shell; 0: that waits for a line. */
  job(): number {
    const terminal = this.tmux('display-message', '-p', '#{pane_tty}').trim()
    const { stdout } = spawnSync('ps', ['-t', terminal, '-o', 'pid=,stat=,args='], { encoding: 'utf8' })
    const line = stdout.split('\n').find((one) => /^\s*\d+ \S*\+/.test(one) && !/ (sh|ps .*)$/.test(one))
    return Number(line?.trim().split(' ')[0] ?? 0)
  }

  /** Lines are edited, typed letters are seen, Ctrl-C interrupts: what a raw terminal has not. */
  async isSane(): Promise<void> {
    this.line('clear')
    this.line('stty -a | tr " " "\\n" | grep -xE "icanon;?|echo;?|isig;?|opost;?" | sort | xargs')
    await this.shows(/^echo icanon isig opost$/m)
  }

  close(): void {
    spawnSync('tmux', ['-S', this.socket, 'kill-server'])
  }
}
