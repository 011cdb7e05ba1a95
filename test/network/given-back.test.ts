/** What a container has of networks is given back, whoever is killed whenever; and a reboot is no harm. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { binary, IMAGE, skip, tinyctrForTests } from '../root/tinyctr.ts'
import { NetHost } from './net-host.ts'

const tinyctr = tinyctrForTests()
let host: NetHost
before(async () => {
  if (!skip) host = await NetHost.make(tinyctr)
})
after(() => host?.end())

const random = (below: number): number => Math.floor(Math.random() * below)
const folders = () => readdirSync(join(tinyctr.root, 'networks'), { recursive: true, encoding: 'utf8' })
/** Everything on this host that a container's network could have left. */
const left = (on = host): string[] => [
  ...on
    .onHost('ip -br link')
    .split('\n')
    .filter((name) => /^t[cu]/.test(name)),
  ...on
    .onHost('nft list map ip tinyctr ports; nft list map ip6 tinyctr ports')
    .split('\n')
    .filter((line) => line.includes('elements')),
  ...on
    .onHost('nft list set bridge tinyctr owners6')
    .split('\n')
    .filter((line) => line.includes('elements')),
  ...folders().filter((path) => /\/[\da-f.:]+$|^(hosts|begun)\/./.test(path)),
]

function begin(...args: string[]): ChildProcess {
  const words = ['--target', String(host.pid), '--net', '--', binary, ...tinyctr.globalFlags, ...args]
  const child = spawn('nsenter', words, { stdio: 'ignore', env: { PATH: process.env.PATH } })
  return child
}

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

/** One container that lives and dies at random. */
async function life(name: string, port: number): Promise<void> {
  const network = [[], ['--network', 'one'], ['--network', 'one', '--network', 'two']][random(3)]!
  const flags = ['--cgroup-parent', tinyctr.cgroupParent, '--name', name, '-p', `${port}:80`, ...network]
  const starting = begin('run', '-d', ...(random(2) ? ['--rm'] : []), ...flags, IMAGE, 'sleep', '100')
  await sleep(random(150))
  if (random(3) === 0) starting.kill('SIGKILL')
  await ended(starting)
  const pid = Number(host.command('inspect', '-f', '{{.State.Pid}}', name).stdout)
  const monitor = pid > 0 ? Number(host.onHost(`grep PPid: /proc/${pid}/status | cut -f2`)) : 0
  const victim = [pid, monitor, 0][random(3)]!
  if (victim > 1 && host.onHost(`cat /proc/${victim}/comm`) !== 'systemd')
    try {
      process.kill(victim, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  if (random(2)) await ended(begin('restart', '-t', '0', name))
  if (random(2)) await ended(begin('network', 'disconnect', 'one', name))
  if (random(2)) await ended(begin('rm', '-f', name))
}

test('chaos: monitors, containers and clients are killed at random', { skip, timeout: 300_000 }, async () => {
  host.command('network', 'create', '--ipv6', 'one')
  host.command('network', 'create', 'two')
  await Promise.all(
    [0, 1, 2].map(async (worker) => {
      for (let round = 0; round < 6; round++) await life(`chaos-${worker}-${round}`, 9000 + worker)
    }),
  )
  const known = host.command('ps', '-aq').stdout.split('\n').filter(Boolean)
  if (known.length > 0) assert.equal(host.command('rm', '-f', ...known).status, 0)
  // What a killed monitor left, the next start clears away; of a start that never came to be, one after ten seconds.
  for (let i = 0; i < 5 && left().length > 0; i++) {
    await sleep(i === 0 ? 0 : 6000)
    for (const network of ['bridge', 'one', 'two'])
      assert.equal(host.run(['--network', network], ['true']).status, 0)
    // The kernel takes dead namespaces apart a little later.
    await sleep(500)
  }
  assert.deepEqual(left(), [])
  assert.equal(host.command('network', 'rm', 'one', 'two').status, 0)
})

test('after a reboot: networks are known, the container starts on one, with its port', { skip }, async () => {
  host.command('network', 'create', '--subnet', '10.99.0.0/24', 'kept')
  const flags = [
    '--cgroup-parent',
    tinyctr.cgroupParent,
    '--name',
    'stays',
    '--network',
    'kept',
    '-p',
    '8085:80',
  ]
  assert.equal(host.command('run', '-d', ...flags, IMAGE, 'sleep', '100').status, 0)
  // The power fails: processes, devices, rules, cgroups and /run are gone.
  const pid = Number(host.command('inspect', '-f', '{{.State.Pid}}', 'stays').stdout)
  const monitor = Number(host.onHost(`grep PPid: /proc/${pid}/status | cut -f2`))
  for (const one of [monitor, pid]) process.kill(one, 'SIGKILL')
  while (existsSync(`/proc/${pid}`)) await sleep(10)
  rmSync(tinyctr.root, { recursive: true })
  for (const name of readdirSync(tinyctr.cgroupFolder, { withFileTypes: true }))
    if (name.isDirectory()) rmdirSync(join(tinyctr.cgroupFolder, name.name))
  const next = await NetHost.make(tinyctr)
  try {
    assert.match(next.command('network', 'ls').stdout, /kept/)
    const started = next.command('start', 'stays')
    assert.equal(started.status, 0, started.stderr)
    assert.equal(next.command('port', 'stays').stdout, '80/tcp -> 0.0.0.0:8085\n')
    const address = next.command('exec', 'stays', 'ip', '-4', 'addr', 'show', 'eth0').stdout
    assert.match(address, /inet 10\.99\.0\.2\/24/)
    assert.equal(next.command('rm', '-f', 'stays').status, 0)
    assert.equal(next.command('network', 'rm', 'kept').status, 0)
    assert.deepEqual(left(next), [])
    assert.doesNotMatch(next.onHost('ip -br link'), /br-/)
  } finally {
    next.end()
  }
})
