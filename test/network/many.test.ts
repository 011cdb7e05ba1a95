/** Two hundred containers on one bridge: an address and a way for each, and all of it given back. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { IMAGE, skip, tinyctrForTests } from '../root/tinyctr.ts'
import { NetHost } from './net-host.ts'

const tinyctr = tinyctrForTests()
let host: NetHost
before(async () => {
  if (!skip) host = await NetHost.make(tinyctr)
})
after(() => host?.end())

const COUNT = 200

test(`${COUNT} containers`, { skip, timeout: 300_000 }, async () => {
  const args = ['run', '-d', '--cgroup-parent', tinyctr.cgroupParent, IMAGE, 'sleep', '1000']
  const ids = Array.from({ length: COUNT }, () => host.command(...args).stdout.trim())
  const [network] = JSON.parse(host.command('network', 'inspect', 'bridge').stdout) as [
    { Id: string; Containers: Record<string, { IPv4Address: string; MacAddress: string }> },
  ]
  const members = Object.values(network.Containers)
  assert.deepEqual(Object.keys(network.Containers).sort(), [...ids].sort())
  assert.equal(new Set(members.map(({ IPv4Address }) => IPv4Address)).size, COUNT)
  assert.equal(new Set(members.map(({ MacAddress }) => MacAddress)).size, COUNT)
  const last = host.command('exec', ids.at(-1)!, 'ping', '-c', '1', '-W', '5', '172.17.0.2')
  assert.equal(last.status, 0, last.stdout + last.stderr)
  const ports = () => host.onHost('ip -br link show master tinyctr0 | wc -l')
  assert.equal(ports(), String(COUNT))
  assert.equal(host.command('rm', '-f', ...ids).status, 0)
  for (let i = 0; i < 50 && ports() !== '0'; i++) await sleep(100)
  assert.equal(ports(), '0')
  assert.deepEqual(readdirSync(join(tinyctr.root, 'networks', network.Id)), [])
})
