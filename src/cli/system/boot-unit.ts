/** `tinyctr system boot-unit`: a systemd.service(5) that does at boot what a daemon would: restart policies outlive it. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ownCommand } from '../../runtime/own-command.ts'
import { defineCommand } from '../command.ts'
import { print } from '../screen/output.ts'

export const bootUnit = defineCommand({
  usage: '',
  summary: 'Print a systemd unit that starts containers at boot by their restart policy',
  examples: [
    'tinyctr system boot-unit >/etc/systemd/system/tinyctr-boot.service && systemctl enable tinyctr-boot',
    'tinyctr system boot-unit >~/.config/systemd/user/tinyctr-boot.service',
  ],
  flags: {},
  least: 0,
  most: 0,
  async execute({ folders: { root, dataRoot } }) {
    const own = [...program(), '--root', root, '--data-root', dataRoot].map(quoted).join(' ')
    print(unit(`${own} start --all --filter should-start-on-boot=true`))
    return 0
  },
})

/** What people call, beside which the front end lies. */
function program(): string[] {
  const called = join(dirname(process.execPath), 'tinyctr')
  return existsSync(called) ? [called] : ownCommand('').slice(0, -1)
}

/** systemd.syntax(7), and `%` is a specifier. */
const quoted = (word: string): string => {
  const escaped = word.replaceAll('%', '%%')
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : JSON.stringify(escaped)
}

const unit = (command: string): string => `[Unit]
Description=Containers of tinyctr whose restart policy is always or unless-stopped
Wants=network-online.target
After=network-online.target local-fs.target remote-fs.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${command}
# Each container has a monitor that lives as long as it does: stopping this unit is no reason to end them.
KillMode=process

[Install]
WantedBy=${process.getuid?.() === 0 ? 'multi-user' : 'default'}.target
`
