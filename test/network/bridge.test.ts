/** Containers on bridges, with real traffic: from the host, from a neighbour on the wire, from one another. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { skip, tinyctrForTests } from '../root/tinyctr.ts'
import { HOST_ADDRESS, NEIGHBOUR_ADDRESS, NetHost } from './net-host.ts'

const tinyctr = tinyctrForTests()
let host: NetHost
before(async () => {
  if (!skip) host = await NetHost.make(tinyctr)
})
after(() => host?.end())

const HTTPD = 'mkdir -p /www; hostname > /www/name; exec httpd -f -p 80 -h /www'
/** What an HTTP server says, over nc. */
const fetch = (address: string, port: number, nc = 'nc'): string =>
  `for i in 1 2 3 4 5; do printf 'GET /name HTTP/1.0\\r\\n\\r\\n' | ${nc} -w 1 ${address} ${port} 2>/dev/null | tail -1 | grep . && exit; sleep 0.1; done; echo refused`
const onHost = (address: string, port: number) => host.onHost(fetch(address, port, 'busybox nc'))
const fromNeighbour = (address: string, port: number) => host.onNeighbour(fetch(address, port, 'busybox nc'))
const inside = (network: string, script: string): string => {
  const { stdout, stderr } = host.run(['--network', network], ['/bin/sh', '-c', script])
  return (stdout + stderr).trim()
}
const remove = (...ids: string[]) => assert.equal(host.command('rm', '-f', ...ids).status, 0)

test('the default bridge: addresses from 172.17.0.2, a gateway, a way out under the host’s address', {
  skip,
}, () => {
  const out = inside(
    'bridge',
    `ip -4 addr show eth0 | grep -o 'inet [0-9./]*'; ip route | head -1; ping -c 1 -W 2 ${NEIGHBOUR_ADDRESS} | grep -o '1 packets received'`,
  )
  assert.equal(out, 'inet 172.17.0.2/16\ndefault via 172.17.0.1 dev eth0 \n1 packets received')
})

test('a published port: from a neighbour, from the host, on 127.0.0.1, and from a container', {
  skip,
}, () => {
  const id = host.detached(['--network', 'bridge', '-p', '8080:80', '-h', 'web'], HTTPD)
  assert.equal(fromNeighbour(HOST_ADDRESS, 8080), 'web')
  assert.equal(onHost('127.0.0.1', 8080), 'web')
  assert.equal(onHost(HOST_ADDRESS, 8080), 'web')
  assert.equal(inside('bridge', fetch('172.17.0.1', 8080)), 'web')
  // Hairpin: its own published port.
  const own = host.command('exec', id, '/bin/sh', '-c', fetch('172.17.0.1', 8080))
  assert.equal(own.stdout.trim(), 'web')
  const second = host.run(['--network', 'bridge', '-p', '8080:80'], ['true'])
  assert.equal(second.status, 125)
  assert.match(second.stderr, /port is already allocated/)
  remove(id)
  assert.equal(fromNeighbour(HOST_ADDRESS, 8080), 'refused')
})

test('published on 127.0.0.1, a port is for the host alone (CVE-2025-54388)', { skip }, () => {
  const id = host.detached(['--network', 'bridge', '-p', '127.0.0.1:8081:80', '-h', 'web'], HTTPD)
  assert.equal(onHost('127.0.0.1', 8081), 'web')
  assert.equal(fromNeighbour(HOST_ADDRESS, 8081), 'refused')
  // A neighbour that routes 127.0.0.0/8 to us.
  host.onNeighbour(
    `ip link set lo down; ip route add 127.0.0.1 via ${HOST_ADDRESS} dev wire; sysctl -qw net.ipv4.conf.wire.route_localnet=1`,
  )
  assert.equal(fromNeighbour('127.0.0.1', 8081), 'refused')
  host.onNeighbour('ip route del 127.0.0.1 dev wire; ip link set lo up')
  remove(id)
})

test('nobody reaches a container by its own address, but its network and the host', { skip }, () => {
  const id = host.detached(['--network', 'bridge', '-h', 'web'], HTTPD)
  host.onNeighbour(`ip route add 172.17.0.0/16 via ${HOST_ADDRESS}`)
  assert.equal(onHost('172.17.0.2', 80), 'web')
  assert.equal(fromNeighbour('172.17.0.2', 80), 'refused')
  host.onNeighbour('ip route del 172.17.0.0/16')
  remove(id)
})

test('networks are apart; an internal one has no way out (CVE-2024-29018)', { skip }, () => {
  for (const flags of [['one'], ['two'], ['--internal', 'inner']])
    assert.equal(host.command('network', 'create', ...flags).status, 0)
  const id = host.detached(['--network', 'one', '-h', 'web'], HTTPD)
  const address = host.command('inspect', '-f', '{{.State.Pid}}', id).status === 0 ? '172.18.0.2' : ''
  assert.equal(inside('one', fetch(address, 80)), 'web')
  assert.equal(inside('two', fetch(address, 80)), 'refused')
  assert.match(
    inside('inner', `ping -c 1 -W 1 ${NEIGHBOUR_ADDRESS}; ip route`),
    /unreachable|100% packet loss/,
  )
  assert.doesNotMatch(inside('inner', 'ip route'), /default/)
  remove(id)
  assert.equal(host.command('network', 'rm', 'one', 'two', 'inner').stdout, 'one\ntwo\ninner\n')
})

test('names come and go', { skip }, () => {
  host.command('network', 'create', 'names')
  const first = host.detached(['--network', 'names', '--name', 'first', '--network-alias', 'f'], 'sleep 60')
  const second = host.detached(['--network', 'names', '--name', 'second'], 'sleep 60')
  const ping = (from: string, name: string) =>
    host.command('exec', from, 'ping', '-c', '1', '-W', '2', name).status
  assert.deepEqual([ping('first', 'second'), ping('second', 'first'), ping('second', 'f')], [0, 0, 0])
  remove(second)
  assert.equal(ping('first', 'second'), 1)
  remove(first)
  host.command('network', 'rm', 'names')
})

test('IPv6: an address, a way out, no router is believed (CVE-2020-10749)', { skip }, () => {
  host.command('network', 'create', '--ipv6', '--subnet', 'fd00:77::/64', 'six')
  const said = inside(
    'six',
    'cat /proc/sys/net/ipv6/conf/eth0/accept_ra; ping -6 -c 1 -W 2 2001:db8::2 | grep -o "1 packets received"',
  )
  assert.equal(said, '0\n1 packets received')
  assert.equal(inside('bridge', 'cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6'), '1')
  host.command('network', 'rm', 'six')
})

test('a neighbour on the bridge cannot send as another', { skip }, () => {
  const id = host.detached(['--network', 'bridge', '--cap-add', 'NET_ADMIN'], 'sleep 60')
  const spoof =
    'ip link set eth0 down; ip link set eth0 address 02:42:ac:11:00:63; ip link set eth0 up; ip route add default via 172.17.0.1; ping -c 1 -W 1 172.17.0.1 | grep -o "[0-9]* packets received"'
  assert.equal(
    host.command('exec', '--privileged', id, 'sh', '-c', spoof).stdout.trim(),
    '0 packets received',
  )
  remove(id)
})

test('after SIGKILL of the monitor: the port, the address and the device are free again', { skip }, () => {
  const id = host.detached(['--network', 'bridge', '-p', '8082:80'], 'sleep 60')
  const monitor = host
    .onHost("ss -tlnpH 'sport = :8082' | grep -o 'pid=[0-9]*' | head -1")
    .replace('pid=', '')
  process.kill(Number(monitor), 'SIGKILL')
  assert.equal(host.run(['--network', 'bridge', '-p', '8082:80'], ['true']).status, 0)
  assert.equal(host.onHost('nft list map ip tinyctr ports | grep -c 8082'), '0')
  host.command('rm', '-f', id)
})
