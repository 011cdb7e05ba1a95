/** Devices other than the usual: an MTU of its own; parts of a device of the host, as ip(8) sees them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { skip, tinyctrForTests } from '../root/tinyctr.ts'
import { ask, NEIGHBOUR_ADDRESS, NetHost } from './net-host.ts'

const tinyctr = tinyctrForTests()
let host: NetHost
before(async () => {
  if (!skip) host = await NetHost.make(tinyctr)
})
after(() => host?.end())

interface Link {
  readonly mtu: number
  readonly address: string
  readonly linkinfo: { readonly info_kind: string; readonly info_data: Readonly<Record<string, unknown>> }
}
const link = (id: string, device: string): Link =>
  JSON.parse(host.insideOf(id, `ip -j -d link show ${device}`))[0]
const remove = (id: string, network: string): void => {
  assert.equal(host.command('rm', '-f', id).status, 0)
  assert.equal(host.command('network', 'rm', network).status, 0)
}

test('MTU: of the bridge and of both ends; what is larger goes in parts', { skip }, async () => {
  host.command('network', 'create', '-o', 'com.docker.network.driver.mtu=1280', 'small')
  const id = host.detached(['--network', 'small'], 'sleep 60')
  assert.equal(link(id, 'eth0').mtu, 1280)
  assert.deepEqual(
    host.onHost('ip -j link | grep -o \'"mtu":1280\' | sort | uniq -c').trim().split(/\s+/)[0],
    '2',
  )
  await host.echo(id, 'udp', '0.0.0.0', 7)
  const text = 'x'.repeat(8000)
  const address = host
    .command('inspect', '-f', '{{.NetworkSettings.Networks.small.IPAddress}}', id)
    .stdout.trim()
  assert.equal(host.onHost(ask('udp', address, 7, text)), `echo of ${text}`)
  remove(id, 'small')
})

/** Whether this kernel makes such a device. */
const has = (driver: string): boolean => {
  const script = `ip link add v type veth peer name w && ip link add link v name x type ${driver}`
  return spawnSync('unshare', ['--net', 'sh', '-c', script]).status === 0
}

const FREE = ['--subnet', '198.51.100.0/24', '--gateway', '198.51.100.1', '--ip-range', '198.51.100.128/25']
for (const [driver, option, mode] of [
  ['macvlan', 'macvlan_mode=bridge', 'bridge'],
  ['ipvlan', 'ipvlan_mode=l2', 'l2'],
] as const)
  test(`${driver}: a part of the host's device, on the wire`, {
    skip: skip || (!has(driver) && `needs a kernel with ${driver}`),
  }, () => {
    const made = host.command(
      'network',
      'create',
      '-d',
      driver,
      '-o',
      'parent=wire',
      '-o',
      option,
      ...FREE,
      driver,
    )
    assert.equal(made.status, 0, made.stderr)
    const id = host.detached(['--network', driver], 'sleep 60')
    const { linkinfo } = link(id, 'eth0')
    assert.equal(linkinfo.info_kind, driver)
    assert.equal(linkinfo.info_data.mode, mode)
    const out = host.command('exec', id, 'ping', '-c', '1', '-W', '3', NEIGHBOUR_ADDRESS)
    assert.equal(out.status, 0, out.stdout + out.stderr)
    remove(id, driver)
  })

test('a bridge and its pair, as ip(8) and bridge(8) see them', { skip }, () => {
  const id = host.detached(['--network-rate', '8mbit'], 'sleep 60')
  const { linkinfo, address } = link(id, 'eth0')
  assert.equal(linkinfo.info_kind, 'veth')
  const [port] = JSON.parse(host.onHost('bridge -j -d link show')) as [
    { ifname: string; [flag: string]: unknown },
  ]
  assert.equal(port!.ifname, `tc${id.slice(0, 12)}`)
  const { locked, learning, hairpin, isolated, master } = port!
  assert.deepEqual(
    { locked, learning, hairpin, isolated, master },
    { locked: true, learning: false, hairpin: true, isolated: false, master: 'tinyctr0' },
  )
  const entries = JSON.parse(host.onHost('bridge -j fdb show br tinyctr0')) as {
    mac: string
    ifname: string
    state: string
  }[]
  assert.ok(
    entries.some((one) => one.mac === address && one.ifname === port!.ifname && one.state === 'static'),
  )
  for (const qdiscs of [
    host.onHost(`tc -j qdisc show dev ${port!.ifname}`),
    host.insideOf(id, 'tc -j qdisc show dev eth0'),
  ]) {
    const [{ kind, options }] = JSON.parse(qdiscs) as [{ kind: string; options: { rate: number } }]
    assert.deepEqual([kind, options.rate], ['tbf', 1_000_000])
  }
  const [route] = JSON.parse(host.insideOf(id, 'ip -j route show default')) as [
    { gateway: string; dev: string },
  ]
  assert.deepEqual([route.gateway, route.dev], ['172.17.0.1', 'eth0'])
  assert.equal(host.command('rm', '-f', id).status, 0)
})

test('containers of a network without ICC reach the way out, and not one another', { skip }, () => {
  host.command('network', 'create', '-o', 'com.docker.network.bridge.enable_icc=false', 'apart')
  const id = host.detached(['--network', 'apart', '--name', 'alone'], 'sleep 60')
  const pings = (address: string) =>
    host.run(['--network', 'apart'], ['ping', '-c', '1', '-W', '1', address]).status === 0
  assert.equal(pings('alone'), false)
  assert.equal(pings(NEIGHBOUR_ADDRESS), true)
  remove(id, 'apart')
})
