/** What a container gets that asks for no network: docker's bridge, or none and a reason. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { IMAGE, skip, tinyctrForTests } from '../root/tinyctr.ts'
import { NetHost } from './net-host.ts'

const tinyctr = tinyctrForTests()
let host: NetHost
before(async () => {
  if (!skip) host = await NetHost.make(tinyctr)
})
after(() => host?.end())

const devices = ['ls', '/sys/class/net']
/** No room for a JavaScript engine: only a prepared start can be. */
const NATIVE_ONLY = ['prlimit', '--as=200000000']
const WITHOUT_NETFILTER = ['python3', join(import.meta.dirname, 'without-netfilter.py')]
const READ_ONLY_SYS = [
  ...['unshare', '--mount', 'sh', '-c'],
  'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"',
  'sh',
]

test('plan prints the bridge, the same each time, and makes none', { skip }, () => {
  const plan = () =>
    host
      .command('plan', IMAGE, 'true')
      .stdout.replaceAll(/[0-9a-f]{12,64}/g, 'ID')
      .split('\n')
      .filter((line) => line.includes('IFLA_'))
  const lines = plan()
  assert.ok(lines.some((line) => line.includes('IFLA_MASTER=')))
  assert.deepEqual(lines, plan())
  assert.doesNotMatch(host.onHost('ip -br link; nft list ruleset'), /tinyctr/)
})

test('the default is the bridge, TINYCTR_NETWORK another; starts are prepared once', { skip }, () => {
  const args = tinyctr.runArguments([], devices)
  for (const wrapper of [[], [], NATIVE_ONLY])
    assert.deepEqual(host.commandUnder(wrapper, ...args).stdout, 'eth0\nlo\n')
  assert.match(host.onHost('ip -br link'), /tinyctr0/)
  const none = ['env', 'TINYCTR_NETWORK=none']
  for (const wrapper of [none, none, [...none, ...NATIVE_ONLY]])
    assert.deepEqual(host.commandUnder(wrapper, ...args).stdout, 'lo\n')
})

test('without nf_tables: a container without a network, and one line that says why, each time', {
  skip,
}, () => {
  const args = tinyctr.runArguments([], ['echo', 'ran'])
  for (const wrapper of [WITHOUT_NETFILTER, WITHOUT_NETFILTER, [...NATIVE_ONLY, ...WITHOUT_NETFILTER]]) {
    const { stdout, stderr } = host.commandUnder(wrapper, ...args)
    assert.equal(stdout, 'ran\n')
    assert.match(
      stderr,
      /^tinyctr: warning: the container has no network: .*nf_tables.*modprobe.*--network none.*\n$/,
    )
  }
  // A port is asked for: no start without it.
  const { status, stderr } = host.commandUnder(
    WITHOUT_NETFILTER,
    ...tinyctr.runArguments(['-p', '80:80'], ['true']),
  )
  assert.equal(status, 125)
  assert.match(stderr, /^tinyctr: Cannot make the bridge tinyctr0: .*EPROTONOSUPPORT.*modprobe/)
})

test('what only making the bridge tells: one line, and the container starts without', { skip }, () => {
  host.onHost('ip link del tinyctr0')
  const { stdout, stderr } = host.commandUnder(READ_ONLY_SYS, ...tinyctr.runArguments([], devices))
  assert.equal(stdout, 'lo\n')
  assert.match(
    stderr,
    /^tinyctr: warning: the container has no network: Cannot make the bridge tinyctr0: .*EROFS.*\n$/,
  )
  assert.doesNotMatch(host.onHost('ip -br link'), /tinyctr0/)
  const asked = host.commandUnder(READ_ONLY_SYS, ...tinyctr.runArguments(['--network', 'bridge'], devices))
  assert.equal(asked.status, 125)
})
