/** `--network cni:NAME`: Debian's plugins, run in a chain, on a machine of the test's own. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { addImage } from './image.ts'
import { Rootless } from './rootless.ts'
import { IMAGE, skip } from './tinyctr.ts'

const mine = {
  cniVersion: '0.4.0',
  name: 'mine',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni7',
      isGateway: true,
      ipMasq: true,
      capabilities: { ips: true },
      dns: { nameservers: ['10.77.0.53'], search: ['mine.test'] },
      ipam: { type: 'host-local', ranges: [[{ subnet: '10.77.0.0/24' }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
    { type: 'tuning', capabilities: { mac: true } },
  ],
}
const alone = { cniVersion: '0.3.1', name: 'alone', type: 'loopback' }
const absent = { cniVersion: '0.4.0', name: 'absent', plugins: [{ type: 'no-such-plugin' }] }
/** Its range is full at once. */
const full = {
  cniVersion: '0.4.0',
  name: 'full',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni8',
      ipam: {
        type: 'host-local',
        ranges: [[{ subnet: '10.78.0.0/24', rangeStart: '10.78.0.9', rangeEnd: '10.78.0.9' }]],
      },
    },
  ],
}

describe('cni', {
  skip: skip || (!existsSync('/usr/lib/cni/bridge') && 'needs containernetworking-plugins'),
}, () => {
  let machine: Rootless
  before(async () => {
    machine = new Rootless()
    const layout = join(machine.folder, 'layout')
    await addImage(layout, IMAGE, {})
    machine.onMachine(
      [
        'mkdir -p /etc/cni/net.d /var/lib/cni && mount -t tmpfs tmpfs /etc/cni/net.d && mount -t tmpfs tmpfs /var/lib/cni && mount -t tmpfs tmpfs /run',
        `echo '${JSON.stringify(mine)}' >/etc/cni/net.d/10-mine.conflist`,
        `echo '${JSON.stringify(alone)}' >/etc/cni/net.d/20-alone.conf`,
        `echo '${JSON.stringify(absent)}' >/etc/cni/net.d/30-absent.conflist`,
        `echo '${JSON.stringify(full)}' >/etc/cni/net.d/40-full.conflist`,
      ].join('\n'),
    )
    quietly('load', '--quiet', '--input', layout)
  })
  afterEach(() => assert.deepEqual([...machine.leftovers(), ...left()], []))
  after(() => machine.remove())

  const quietly = (...args: string[]): string => {
    const { status, stdout, stderr } = machine.asRoot(args)
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
    return stdout.trimEnd()
  }
  const says = (flags: string[], script: string): string =>
    quietly('run', '--rm', ...flags, IMAGE, 'sh', '-c', script)
  /** Addresses, chains, devices, mounts: what plugins and we make for one container. */
  const left = (): string[] =>
    machine
      .onMachine(
        `ls /var/lib/cni/networks/*/ 2>/dev/null | grep '^10\\.' ; iptables-save -t nat | grep -E '^:CNI-[0-9a-f]|^:CNI-DN' ; ip -o link show type veth | grep -v up0 ; grep /netns /proc/self/mountinfo; true`,
      )
      .split('\n')
      .filter((line) => line !== '')
  const connect = (address: string, port: number): string =>
    machine.onMachine(`busybox nc -w 1 ${address} ${port} </dev/null 2>/dev/null || echo refused`)
  const eventually = async (look: () => string, wanted: string): Promise<void> => {
    for (let tries = 40; look() !== wanted; tries--) {
      if (tries === 0) assert.equal(look(), wanted)
      await sleep(50)
    }
  }

  test('address, route, name and resolver come from the plugins', () => {
    assert.equal(
      says(
        [
          '--network',
          'cni:mine',
          '--hostname',
          'box',
          '--ip',
          '10.77.0.9',
          '--mac-address',
          '02:11:22:33:44:55',
        ],
        `ip -o -4 address show eth0 | grep -o '10[0-9./]*/24'; cat /sys/class/net/eth0/address; ip route | head -n 1; tail -n 1 /etc/hosts; cat /etc/resolv.conf; ping -c 1 -W 5 10.77.0.1 >/dev/null && echo reached; ping -c 1 127.0.0.1 >/dev/null && echo own`,
      ),
      '10.77.0.9/24\n02:11:22:33:44:55\ndefault via 10.77.0.1 dev eth0 \n10.77.0.9\tbox\nnameserver 10.77.0.53\nsearch mine.test\nreached\nown',
    )
  })

  test('run -d -p: the port leads to it, inspect and port show it, also after a restart', async () => {
    const server = ['sh', '-c', 'while :; do echo inside | nc -l -p 80; done']
    quietly(
      'run',
      '-d',
      '--name',
      'web',
      '--network',
      'cni:mine',
      '--ip',
      '10.77.0.20',
      '-p',
      '8080:80',
      IMAGE,
      ...server,
    )
    for (let i = 0; i < 2; i++) {
      await eventually(() => connect('10.77.0.20', 80), 'inside')
      await eventually(() => connect('10.77.0.1', 8080), 'inside')
      const shown =
        '{{(index .NetworkSettings.Networks "cni:mine").IPAddress}} {{(index .NetworkSettings.Networks "cni:mine").Gateway}}'
      assert.equal(quietly('inspect', '-f', shown, 'web'), '10.77.0.20 10.77.0.1')
      assert.equal(quietly('port', 'web'), '80/tcp -> 0.0.0.0:8080')
      quietly('restart', '-t', '0', 'web')
    }
    quietly('stop', '-t', '0', 'web')
    assert.deepEqual(left(), [])
    quietly('start', 'web')
    await eventually(() => connect('10.77.0.1', 8080), 'inside')
    quietly('rm', '-f', 'web')
  })

  test('two containers reach one another; a third joins one of them', () => {
    quietly(
      'run',
      '-d',
      '--name',
      'one',
      '--network',
      'cni:mine',
      '--ip',
      '10.77.0.31',
      IMAGE,
      'sleep',
      '100',
    )
    assert.equal(
      says(['--network', 'cni:mine'], 'ping -c 1 -W 5 10.77.0.31 >/dev/null && echo reached'),
      'reached',
    )
    assert.match(says(['--network', 'container:one'], 'ip -o address show eth0'), /10\.77\.0\.31/)
    quietly('rm', '-f', 'one')
  })

  test('SIGKILL to its monitor: the next command gives everything back', () => {
    quietly('run', '-d', '--name', 'box', '--network', 'cni:mine', '-p', '8080:80', IMAGE, 'sleep', '100')
    assert.ok(left().length >= 3)
    for (const pid of machine.running('tinyctr')) process.kill(pid, 'SIGKILL')
    assert.equal(says([], 'echo next'), 'next')
    assert.deepEqual(left(), [])
    quietly('rm', 'box')
  })

  test('a plugin that fails ends the start in its own words, and what came before it is undone', () => {
    quietly('run', '-d', '--name', 'first', '--network', 'cni:full', IMAGE, 'sleep', '100')
    const { status, stderr } = machine.asRoot(['run', '--rm', '--network', 'cni:full', IMAGE, 'true'])
    assert.equal(status, 125)
    assert.match(stderr, /^tinyctr: Cannot set up the network with CNI plugins/)
    assert.match(
      stderr,
      /^ {2}says {3}tinyctr: the CNI plugin bridge failed to ADD: .*no IP addresses available/m,
    )
    quietly('rm', '-f', 'first')
  })

  for (const [what, flags, message] of [
    [
      'no such network',
      ['--network', 'cni:nothing'],
      /no CNI network nothing: \/etc\/cni\/net\.d has mine, alone, absent, full/,
    ],
    [
      'a plugin that is not installed',
      ['--network', 'cni:absent'],
      /needs the plugin no-such-plugin.*apt-get install containernetworking-plugins/,
    ],
    [
      'a port without a plugin for it',
      ['--network', 'cni:full', '-p', '80:80'],
      /--publish needs a plugin with the capability portMappings/,
    ],
    [
      'an address without a plugin for it',
      ['--network', 'cni:full', '--ip', '10.78.0.9'],
      /--ip needs a plugin with the capability ips/,
    ],
    ['no name', ['--network', 'cni:'], /names nothing/],
  ] as const) {
    test(`${what}: a clear error`, () => {
      const { status, stderr } = machine.asRoot(['run', '--rm', ...flags, IMAGE, 'true'])
      assert.equal(status, 125)
      assert.match(stderr, message)
    })
  }

  test('somebody who is not root cannot have one', () => {
    const other = new Rootless()
    const layout = join(machine.folder, 'layout')
    other.quietly(['load', '--quiet', '--input', layout])
    const { status, stderr } = other.as(['run', '--rm', '--network', 'cni:mine', IMAGE, 'true'])
    other.remove()
    assert.equal(status, 125)
    assert.match(stderr, /cni:mine needs root/)
  })
})
