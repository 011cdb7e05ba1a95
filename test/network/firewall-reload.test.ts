/** A firewall that is loaded anew while containers run (`nft flush ruleset`): what comes back, and when. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { skip, tinyctrForTests } from '../root/tinyctr.ts'
import { ask, HOST_ADDRESS, NEIGHBOUR_ADDRESS, NetHost } from './net-host.ts'

const tinyctr = tinyctrForTests()
let host: NetHost
before(async () => {
  if (!skip) host = await NetHost.make(tinyctr)
})
after(() => host?.end())

const fromNeighbour = () => host.onNeighbour(ask('tcp', HOST_ADDRESS, 8080, 'x'))
/** Sets list their elements in any order. */
const rules = () =>
  host
    .onHost('nft -s list ruleset')
    .split(/[,{}\n]/)
    .map((part) => part.trim())
    .sort()

test('network reload brings all of it back, what keeps networks apart too; so does the next start (CVE-2025-54410)', {
  skip,
}, async () => {
  host.command('network', 'create', 'mine')
  const web = host.detached(['-p', '8080:80'], 'sleep 60')
  const other = host.detached(['--network', 'mine', '--mac-address', '02:00:00:00:00:09'], 'sleep 60')
  await host.echo(web, 'tcp', '0.0.0.0', 80)
  assert.equal(fromNeighbour(), 'echo of x')
  const before = rules()
  for (const restore of [
    () => host.command('network', 'reload', '--all'),
    () => host.run([], ['true']),
    () => host.run(['--network', 'mine'], ['true']),
  ]) {
    host.onHost('nft flush ruleset')
    assert.notEqual(fromNeighbour(), 'echo of x')
    assert.equal(restore().status, 0)
    assert.equal(fromNeighbour(), 'echo of x')
    assert.deepEqual(rules(), before)
    const out = host.command('exec', other, 'ping', '-c', '1', '-W', '2', NEIGHBOUR_ADDRESS)
    assert.equal(out.status, 0, out.stdout)
  }
  const said = host.command('network', 'reload', web)
  assert.equal(said.stdout, `${web}\n`)
  assert.deepEqual(rules(), before)
  assert.equal(host.command('rm', '-f', web, other).status, 0)
  host.command('network', 'rm', 'mine')
})

test('network reload wants containers, or all of them', { skip }, () => {
  assert.match(host.command('network', 'reload').stderr, /name a container, or say --all/)
  assert.match(host.command('network', 'reload', 'nobody').stderr, /No such container: nobody/)
})
