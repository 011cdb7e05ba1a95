/** Published ports: ranges, free ones, protocols, families; and who has one that is taken. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { IMAGE, skip, tinyctrForTests } from '../root/tinyctr.ts'
import { ask, HOST_ADDRESS, NetHost } from './net-host.ts'

const tinyctr = tinyctrForTests()
let host: NetHost
before(async () => {
  if (!skip) host = await NetHost.make(tinyctr)
})
after(() => host?.end())

const remove = (...ids: string[]) => assert.equal(host.command('rm', '-f', ...ids).status, 0)
const ports = (id: string): string[] => host.command('port', id).stdout.trim().split('\n').sort()
/** What a run that must fail says. */
const refusal = (...flags: string[]): string => {
  const { status, stderr } = host.run(flags, ['true'])
  assert.equal(status, 125, stderr)
  return stderr
}

test('a port that is taken: which container, or which program, has it', { skip }, () => {
  const id = host.detached(['--name', 'holder', '-p', '8080:80'], 'sleep 60')
  const taken = /Bind for 0.0.0.0:8080 failed: port is already allocated: the container holder publishes it/
  assert.match(refusal('-p', '8080:80'), taken)
  assert.match(refusal('-p', '127.0.0.1:8080:80'), /Bind for 127.0.0.1:8080 failed: .*container holder/)
  remove(id)
  host.onHost('busybox nc -l -p 8081 </dev/null >/dev/null 2>&1 & sleep 0.3')
  const said = refusal('-p', '8081:80')
  assert.match(said, /already allocated: (busybox|nc) \(process \d+\) has it/)
  process.kill(Number(/process (\d+)/.exec(said)![1]))
})

test('an address that the host or the container does not have', { skip }, () => {
  assert.match(refusal('-p', '192.0.2.7:8080:80'), /EADDRNOTAVAIL\n +means +this host has no such address/)
  assert.match(
    refusal('-p', '[::1]:8080:80'),
    /Cannot publish 80\/tcp on ::1: the container has no IPv6 address/,
  )
})

test('ranges: each its own, or one of many', { skip }, () => {
  const first = host.detached(['-p', '7000-7002:80-82', '-p', '7100-7101:90'], 'sleep 60')
  assert.deepEqual(ports(first), [
    '80/tcp -> 0.0.0.0:7000',
    '81/tcp -> 0.0.0.0:7001',
    '82/tcp -> 0.0.0.0:7002',
    '90/tcp -> 0.0.0.0:7100',
  ])
  const second = host.detached(['-p', '7100-7101:90'], 'sleep 60')
  assert.deepEqual(ports(second), ['90/tcp -> 0.0.0.0:7101'])
  assert.match(refusal('-p', '7100-7101:90'), /Bind for 0.0.0.0:7100-7101 failed: all ports are allocated/)
  remove(first, second)
})

test('-P: what the image and --expose name, on free ports', { skip }, async () => {
  const image = await tinyctr.image('exposing', { config: { ExposedPorts: { '80/tcp': {}, '53/udp': {} } } })
  const args = ['run', '-d', '--cgroup-parent', tinyctr.cgroupParent, '-P', '--expose', '9000-9001', image]
  const id = host.command(...args, 'sleep', '60').stdout.trim()
  const published = ports(id).map((line) => line.replace(/\d+$/, 'N'))
  assert.deepEqual(published, [
    '53/udp -> 0.0.0.0:N',
    '80/tcp -> 0.0.0.0:N',
    '9000/tcp -> 0.0.0.0:N',
    '9001/tcp -> 0.0.0.0:N',
  ])
  remove(id)
})

for (const protocol of ['tcp', 'udp'])
  test(`${protocol}: there and back, from a neighbour, the host and 127.0.0.1`, { skip }, async () => {
    const id = host.detached(['-p', `5353:53/${protocol}`], 'sleep 60')
    await host.echo(id, protocol, '0.0.0.0', 53)
    assert.equal(host.onNeighbour(ask(protocol, HOST_ADDRESS, 5353, 'a')), 'echo of a')
    assert.equal(host.onHost(ask(protocol, HOST_ADDRESS, 5353, 'b')), 'echo of b')
    assert.equal(host.onHost(ask(protocol, '127.0.0.1', 5353, 'c')), 'echo of c')
    remove(id)
    assert.match(host.onNeighbour(ask(protocol, HOST_ADDRESS, 5353, 'd')), /refused/)
  })

const hasSctp = spawnSync('python3', ['-c', 'import socket; socket.socket(2, 1, 132)']).status === 0
test('sctp', { skip: skip || (!hasSctp && 'needs a kernel with SCTP') }, async () => {
  const id = host.detached(['-p', '5353:53/sctp'], 'sleep 60')
  await host.echo(id, 'sctp', '0.0.0.0', 53)
  assert.equal(host.onNeighbour(ask('sctp', HOST_ADDRESS, 5353, 'a')), 'echo of a')
  remove(id)
})

test('IPv6: both families at once, from a neighbour', { skip }, async () => {
  host.command('network', 'create', '--ipv6', '--subnet', 'fd00:70::/64', 'dual')
  const id = host.detached(['--network', 'dual', '-p', '8086:80'], 'sleep 60')
  assert.deepEqual(ports(id), ['80/tcp -> 0.0.0.0:8086', '80/tcp -> [::]:8086'])
  await host.echo(id, 'tcp', '::', 80)
  assert.equal(host.onNeighbour(ask('tcp', '2001:db8::1', 8086, 'six')), 'echo of six')
  assert.equal(host.onNeighbour(ask('tcp', HOST_ADDRESS, 8086, 'four')), 'echo of four')
  remove(id)
  host.command('network', 'rm', 'dual')
})

test('what -p binds by default: TINYCTR_PUBLISH, or what its network says', { skip }, () => {
  const bound = (wrapper: string[], ...flags: string[]) => {
    const args = ['run', '-d', '--cgroup-parent', tinyctr.cgroupParent, '-p', '8090:80', ...flags, IMAGE]
    const id = host.commandUnder(wrapper, ...args, 'sleep', '60').stdout.trim()
    const [line] = ports(id)
    remove(id)
    return line
  }
  assert.equal(bound(['env', 'TINYCTR_PUBLISH=127.0.0.1']), '80/tcp -> 127.0.0.1:8090')
  const option = `com.docker.network.bridge.host_binding_ipv4=${HOST_ADDRESS}`
  host.command('network', 'create', '-o', option, 'bound')
  assert.equal(bound([], '--network', 'bound'), `80/tcp -> ${HOST_ADDRESS}:8090`)
  host.command('network', 'rm', 'bound')
})
