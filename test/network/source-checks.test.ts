/**
 * What a container may say to its neighbours: frames under its own addresses, and no others. Each kind of lie arrives where
 * the network lets its containers be routers, so that it is this check that keeps it away.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { skip, tinyctrForTests } from '../root/tinyctr.ts'
import { NetHost } from './net-host.ts'

const tinyctr = tinyctrForTests()
let host: NetHost
before(async () => {
  if (!skip) host = await NetHost.make(tinyctr)
})
after(() => host?.end())

const FRAMES = join(import.meta.dirname, 'frames.py')

const field = (id: string, format: string): string => host.command('inspect', '-f', format, id).stdout.trim()

/** The kinds of frames.py that reach a neighbour on the network. */
async function arriving(network: string, flags: readonly string[] = []): Promise<string[]> {
  const listener = host.detached(['--network', network], 'sleep 60')
  const sender = host.detached(['--network', network, ...flags], 'sleep 60')
  const pid = (id: string) => field(id, '{{.State.Pid}}')
  const of = (name: string) =>
    field(sender, `{{with index .NetworkSettings.Networks "${network}"}}{{.${name}}}{{end}}`)
  const addresses = ['MacAddress', 'IPAddress', 'GlobalIPv6Address', 'Gateway', 'IPv6Gateway'].map(of)
  const inside = (id: string) => ['-t', pid(id), '--net', 'python3', FRAMES]
  const [listen, send] = [inside(listener), inside(sender)]
  const listening = spawn('nsenter', [...listen, 'listen', '3'])
  const closed = once(listening, 'close')
  let said = ''
  listening.stdout.on('data', (text) => {
    said += text
  })
  await once(listening.stdout, 'data')
  const [code] = await once(spawn('nsenter', [...send, 'send', ...addresses], { stdio: 'inherit' }), 'exit')
  assert.equal(code, 0)
  await closed
  host.command('rm', '-f', listener, sender)
  return said
    .trim()
    .split('\n')
    .at(-1)!
    .split(' ')
    .filter((word) => word !== 'ready')
}

const TRUE = ['own', 'own-arp', 'own6']

test('no lie reaches a neighbour: IP, ARP, neighbour discovery, routers, Ethernet', { skip }, async () => {
  host.command('network', 'create', '--ipv6', '--subnet', 'fd00:5::/64', 'checked')
  assert.deepEqual(await arriving('checked'), TRUE)
  assert.deepEqual(await arriving('checked', ['--mac-address', '02:00:00:00:00:07']), TRUE)
  // What was said of addresses that nobody could foresee is taken back.
  assert.equal(host.onHost('nft list table bridge tinyctr | grep -cE "fd00:5|02:00:00:00:00:07"'), '0')
  host.command('network', 'rm', 'checked')
  assert.equal(host.onHost('nft list table bridge tinyctr | grep -c "02:42"'), '0')
})

test('tinyctr.source_checks=false: containers may be routers', { skip }, async () => {
  const option = ['-o', 'tinyctr.source_checks=false']
  host.command('network', 'create', '--ipv6', '--subnet', 'fd00:6::/64', ...option, 'trusted')
  const lies = ['gateway-arp', 'gateway-ip', 'gateway-ip6', 'gateway-nd', 'other-ip', 'redirect', 'router']
  assert.deepEqual(await arriving('trusted'), [...TRUE, ...lies].sort())
  host.command('network', 'rm', 'trusted')
})
