/** Names: of the host, of neighbours that are renamed, and whom a container asks for the rest. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { IMAGE, skip, tinyctrForTests } from '../root/tinyctr.ts'
import { ask, ECHO, NetHost } from './net-host.ts'

const tinyctr = tinyctrForTests()
let host: NetHost
before(async () => {
  if (!skip) host = await NetHost.make(tinyctr)
})
after(() => host?.end())

/** The host's files are these, for one command. */
function having(files: Readonly<Record<string, string>>): string[] {
  const mounts = Object.entries(files).map(([path, text], i) => {
    const source = join(tinyctr.folder, `own-${i}`)
    writeFileSync(source, text)
    return `mkdir -p $(dirname ${path}) && touch ${path} && mount --bind ${source} ${path}`
  })
  const tmpfs = 'mkdir -p /run/systemd && mount -t tmpfs tmpfs /run/systemd'
  return ['unshare', '--mount', 'sh', '-c', `${[tmpfs, ...mounts].join(' && ')} && exec "$@"`, 'sh']
}

const resolvConf = (wrapper: string[], ...flags: string[]): string => {
  const { stdout, stderr } = host.commandUnder(
    wrapper,
    ...tinyctr.runArguments(flags, ['cat', '/etc/resolv.conf']),
  )
  return stdout + stderr
}

test('systemd-resolved says whom it asks itself', { skip }, () => {
  const stub = 'nameserver 127.0.0.53\noptions edns0\nsearch lan\n'
  const behind = 'nameserver 192.0.2.53\nsearch lan\n'
  const files = { '/etc/resolv.conf': stub, '/run/systemd/resolve/resolv.conf': behind }
  assert.equal(resolvConf(having(files)), behind)
  assert.equal(resolvConf(having(files), '--dns', '192.0.2.1'), 'nameserver 192.0.2.1\nsearch lan\n')
  assert.equal(
    resolvConf(having(files), '--network', 'host'),
    'nameserver 127.0.0.53\nsearch lan\noptions edns0\n',
  )
})

test("a resolver on the host's loopback answers at the gateway, also after the firewall was loaded anew", {
  skip,
}, () => {
  const wrapper = having({ '/etc/resolv.conf': 'nameserver 127.0.0.1\n' })
  host.onHost(`python3 ${ECHO} serve udp 127.0.0.1 53 >/dev/null 2>&1 & sleep 0.5`)
  const args = ['run', '-d', '--cgroup-parent', tinyctr.cgroupParent, IMAGE, 'sleep', '60']
  const id = host.commandUnder(wrapper, ...args).stdout.trim()
  assert.equal(host.command('exec', id, 'cat', '/etc/resolv.conf').stdout, 'nameserver 172.17.0.1\n')
  assert.equal(host.insideOf(id, ask('udp', '172.17.0.1', 53, 'who')), 'echo of who')
  // Nothing else of the host's loopback is to be reached.
  assert.notEqual(host.insideOf(id, ask('udp', '127.0.0.1', 53, 'who')), 'echo of who')
  host.onHost('nft flush ruleset')
  assert.equal(host.command('network', 'reload', '--all').status, 0)
  assert.equal(host.insideOf(id, ask('udp', '172.17.0.1', 53, 'again')), 'echo of again')
  assert.equal(host.command('rm', '-f', id).status, 0)
})

test('a host that asks nobody: what Docker takes; without a way out, nobody', { skip }, () => {
  const wrapper = having({ '/etc/resolv.conf': '' })
  assert.equal(resolvConf(wrapper), 'nameserver 8.8.8.8\nnameserver 8.8.4.4\n')
  assert.equal(resolvConf(wrapper, '--network', 'none'), '')
})

test('--add-host NAME:host-gateway is the host, as the container reaches it', { skip }, () => {
  const hosts = (...flags: string[]) =>
    host.run(['--add-host', 'h:host-gateway', ...flags], ['grep', 'h$', '/etc/hosts'])
  assert.equal(hosts().stdout, '172.17.0.1\th\n')
  assert.equal(hosts('--network', 'host').stdout, '127.0.0.1\th\n')
  assert.match(hosts('--network', 'none').stderr, /unable to derive the IP value for host-gateway/)
})

test('rename: neighbours find it by its new name alone', { skip }, () => {
  host.command('network', 'create', 'names')
  const one = host.detached(['--network', 'names', '--name', 'one', '--network-alias', 'uno'], 'sleep 60')
  const two = host.detached(['--network', 'names', '--name', 'two'], 'sleep 60')
  const finds = (who: string, name: string) =>
    host.command('exec', who, 'ping', '-c', '1', '-W', '2', name).status === 0
  assert.equal(host.command('rename', 'one', 'eins').status, 0)
  for (const name of ['eins', 'uno', one.slice(0, 12), 'eins.names']) assert.ok(finds('two', name), name)
  assert.equal(finds('two', 'one'), false)
  assert.ok(finds('eins', 'eins') && finds('eins', 'two') && !finds('eins', 'one'))
  const lines = host.command('exec', 'eins', 'grep', '-c', 'two', '/etc/hosts').stdout
  assert.equal(lines, '1\n')
  assert.equal(host.command('rm', '-f', one, two).status, 0)
  host.command('network', 'rm', 'names')
})
