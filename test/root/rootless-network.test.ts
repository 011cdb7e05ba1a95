/** Networks without root: pasta and slirp4netns, with real traffic between a container, its host and what is outside. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { addImage } from './image.ts'
import { HOST, OUTSIDE, Rootless } from './rootless.ts'
import { IMAGE, skip } from './tinyctr.ts'

const servers = join(import.meta.dirname, 'servers.py')
const LISTEN = 'while :; do echo inside | nc -l -p 80; done'

/** What the server at port 7 says. It goes on talking for a moment: pasta of 2023 may lose the end of a connection that both ends close at once. */
const ask = (address: string): string => `sleep 0.2 | timeout 5 nc -w 2 ${address} 7`

describe('networks without root', { skip }, () => {
  let tinyctr: Rootless
  before(async () => {
    tinyctr = new Rootless()
    const layout = join(tinyctr.folder, 'layout')
    await addImage(layout, IMAGE, { config: { ExposedPorts: { '81/tcp': {} } } })
    tinyctr.quietly(['load', '--quiet', '--input', layout])
    tinyctr.onMachine(`python3 ${servers} ${OUTSIDE} 7 outside`, 'outside')
    tinyctr.onMachine(
      `python3 ${servers} 127.0.0.1 7 loopback && python3 ${servers} 127.0.0.53 dns box.test 192.0.2.9`,
    )
    tinyctr.onMachine(
      `echo nameserver 127.0.0.53 >${tinyctr.folder}/resolv && mount --bind ${tinyctr.folder}/resolv /etc/resolv.conf`,
    )
  })
  afterEach(() => {
    assert.deepEqual(tinyctr.leftovers(), [])
    assert.deepEqual([...tinyctr.running('pas'), ...tinyctr.running('slirp')], [])
  })
  after(() => tinyctr.remove())

  const fromHost = (address: string, port: number, where: 'machine' | 'outside' = 'machine'): string =>
    tinyctr.onMachine(`busybox nc -w 1 ${address} ${port} </dev/null 2>/dev/null || echo refused`, where)
  /** A published port leads to the container from its first instruction; the server in it needs a moment. */
  const eventually = async (look: () => string, wanted: string): Promise<void> => {
    for (let left = 40; look() !== wanted; left--) {
      if (left === 0) assert.equal(look(), wanted)
      await sleep(50)
    }
  }
  const gone = async (name: string): Promise<void> => {
    for (let left = 40; tinyctr.running(name).length > 0; left--) {
      assert.ok(left > 0, `${name} still runs`)
      await sleep(50)
    }
  }

  /** What each calls itself: passt.avx2, pasta.avx2. */
  for (const [name, program] of [
    ['pasta', 'pas'],
    ['slirp4netns', 'slirp4netns'],
  ] as const) {
    describe(name, { skip: !existsSync(`/usr/bin/${name}`) && `needs ${name}` }, () => {
      const network = ['--network', name]

      test('an address, a way out, and names from the host’s own resolver', () => {
        const script = `ip -4 -o address show eth0 | grep -o '[0-9.]*/24'; ${ask(OUTSIDE)}; nslookup -type=a box.test | tail -n 2 | grep -o '192.*'; cat /etc/resolv.conf; tail -n 1 /etc/hosts`
        assert.equal(
          tinyctr.says([...network, '--hostname', 'box'], script),
          `10.0.2.100/24\noutside ${HOST}\n192.0.2.9\nnameserver 10.0.2.3\n10.0.2.100\tbox`,
        )
      })

      test('the host’s loopback is out of reach', () => {
        const script = `for a in 10.0.2.2 127.0.0.1; do ${ask('$a')} 2>/dev/null || echo refused; done`
        assert.equal(tinyctr.says(network, script), 'refused\nrefused')
      })

      test('run -d -p: published ports lead to it, are shown, and follow it through restart, stop and start', async () => {
        const publish = ['-p', '8080:80', '-p', '127.0.0.1:8081:80', '-p', '5353:53/udp']
        tinyctr.quietly(['run', '-d', '--name', 'web', ...network, ...publish, IMAGE, 'sh', '-c', LISTEN])
        await eventually(() => fromHost('127.0.0.1', 8080), 'inside')
        await eventually(() => fromHost(HOST, 8080, 'outside'), 'inside')
        assert.equal(fromHost(HOST, 8081, 'outside'), 'refused')
        await eventually(() => fromHost('127.0.0.1', 8081), 'inside')
        assert.equal(
          tinyctr.quietly(['port', 'web']),
          '53/udp -> 0.0.0.0:5353\n80/tcp -> 0.0.0.0:8080\n80/tcp -> 127.0.0.1:8081',
        )
        const shown =
          '{{.NetworkSettings.IPAddress}} {{.NetworkSettings.Gateway}} {{.HostConfig.NetworkMode}}'
        assert.equal(tinyctr.quietly(['inspect', '-f', shown, 'web']), `10.0.2.100 10.0.2.2 ${name}`)
        assert.equal(tinyctr.quietly(['exec', 'web', 'sh', '-c', ask(OUTSIDE)]), `outside ${HOST}`)

        tinyctr.quietly(['restart', '-t', '0', 'web'])
        await eventually(() => fromHost('127.0.0.1', 8080), 'inside')
        tinyctr.quietly(['stop', '-t', '0', 'web'])
        assert.equal(fromHost('127.0.0.1', 8080), 'refused')
        assert.deepEqual(tinyctr.running(program), [])
        tinyctr.quietly(['start', 'web'])
        await eventually(() => fromHost('127.0.0.1', 8080), 'inside')
        tinyctr.quietly(['rm', '-f', 'web'])
      })

      test('udp too', async () => {
        tinyctr.quietly([
          'run',
          '-d',
          '--name',
          'box',
          ...network,
          '-p',
          '5353:53/udp',
          IMAGE,
          'sleep',
          '100',
        ])
        // Nobody listens there, which the container's kernel counts.
        const send = `import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 5353))`
        const received = () => {
          tinyctr.onMachine(`python3 -c '${send}'`)
          const count = `awk '/^Udp: [0-9]/ { print ($3 > 0) }' /proc/net/snmp`
          return tinyctr.quietly(['exec', 'box', 'sh', '-c', count])
        }
        await eventually(received, '1')
        tinyctr.quietly(['rm', '-f', 'box'])
      })

      test('a port that is taken: who has it is not the container’s secret', () => {
        const { status, stderr } = tinyctr.as([
          'run',
          '--rm',
          ...network,
          '-p',
          '127.0.0.1:7:80',
          '-p',
          '127.0.0.1:9007:80',
          IMAGE,
          'true',
        ])
        assert.equal(status, 125)
        assert.match(stderr, /^ {2}says .*\b7\b/m)
        assert.match(stderr, /publish another port/)
      })

      test('a container that is started again by itself has its ports again', async () => {
        tinyctr.quietly([
          'run',
          '-d',
          '--name',
          'again',
          '--restart',
          'always',
          ...network,
          '-p',
          '8080:80',
          IMAGE,
          'sh',
          '-c',
          'echo once | nc -l -p 80',
        ])
        for (let i = 0; i < 2; i++) await eventually(() => fromHost('127.0.0.1', 8080), 'once')
        tinyctr.quietly(['rm', '-f', 'again'])
      })

      test('SIGKILL to its monitor, or to itself: nothing of it stays', async () => {
        for (const victim of ['tinyctr', program]) {
          tinyctr.quietly(['run', '-d', '--name', 'box', ...network, '-p', '8080:80', IMAGE, 'sleep', '100'])
          assert.equal(tinyctr.running(program).length, 1)
          for (const pid of tinyctr.running(victim)) process.kill(pid, 'SIGKILL')
          await gone(program)
          if (victim === program)
            assert.equal(tinyctr.quietly(['inspect', '-f', '{{.State.Status}}', 'box']), 'running')
          tinyctr.as(['rm', '-f', 'box'])
        }
      })

      test('another container may join its network', async () => {
        tinyctr.quietly(['run', '-d', '--name', 'web', ...network, IMAGE, 'sh', '-c', LISTEN])
        const joined = ['run', '--rm', '--network', 'container:web', IMAGE, 'sh', '-c']
        await eventually(() => tinyctr.as([...joined, 'nc -w 1 127.0.0.1 80']).stdout.trim(), 'inside')
        tinyctr.quietly(['rm', '-f', 'web'])
      })

      test('the same, walked one call at a time', () => {
        const script = `${ask(OUTSIDE)}`
        assert.equal(tinyctr.says(['--executor', 'ffi', ...network], script), `outside ${HOST}`)
      })
    })
  }

  test('pasta is what a container has unless it asks for another', () => {
    assert.equal(tinyctr.quietly(['run', '-d', '--name', 'box', IMAGE, 'sleep', '100']).length, 64)
    assert.equal(tinyctr.quietly(['inspect', '-f', '{{.HostConfig.NetworkMode}}', 'box']), 'pasta')
    tinyctr.quietly(['rm', '-f', 'box'])
  })

  test('options of either', () => {
    assert.match(
      tinyctr.says(['--network', 'pasta:-a,10.9.8.7,-n,24,-g,10.9.8.1'], 'ip -o -4 address show eth0'),
      /10\.9\.8\.7\/24/,
    )
    assert.equal(tinyctr.says(['--network', 'pasta:--map-gw'], ask('10.0.2.2')), 'loopback 127.0.0.1')
    assert.match(
      tinyctr.says(
        ['--network', 'slirp4netns:mtu=1400,cidr=10.9.8.0/24'],
        'ip -o address show eth0; ip -o link show eth0',
      ),
      /10\.9\.8\.100\/24[\s\S]*mtu 1400/,
    )
    assert.equal(
      tinyctr.says(['--network', 'slirp4netns:allow_host_loopback=true'], ask('10.0.2.2')),
      'loopback 127.0.0.1',
    )
    const { status, stderr } = tinyctr.as(['run', '--network', 'slirp4netns:mut=3', IMAGE, 'true'])
    assert.equal(status, 125)
    assert.match(stderr, /invalid option mut of slirp4netns: it has/)
  })

  for (const [what, flags, message] of [
    ['a network of a user’s', ['--network', 'mine'], /the network mine needs root: .* pasta/],
    ['the bridge', ['--network', 'bridge'], /the network bridge needs root/],
    ['sctp', ['-p', '80:80/sctp'], /pasta publishes tcp and udp/],
    ['an address of the host in IPv6', ['-p', '[::1]:80:80'], /at IPv4 addresses/],
    ['an address of its own', ['--ip', '10.0.2.9'], /user defined networks only/],
  ] as const) {
    test(`${what} is not to be had, and that is said`, () => {
      const { status, stderr } = tinyctr.as(['run', '--rm', ...flags, IMAGE, 'true'])
      assert.equal(status, 125)
      assert.match(stderr, message)
    })
  }

  test('networks are not made without root', () => {
    const { status, stderr } = tinyctr.as(['network', 'create', 'mine'])
    assert.equal(status, 1)
    assert.match(stderr, /the network mine needs root/)
  })

  test('doctor says what is there, and what each user was granted', () => {
    const said = tinyctr.as(['doctor']).stdout
    assert.match(said, /^ok +networks +pasta: a way out and published ports; bridges need root$/m)
    assert.match(said, /^limited +subordinate ids +\/etc\/subuid and \/etc\/subgid have no range for nobody/m)
    assert.match(said, /cure: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 nobody$/m)
    assert.match(tinyctr.as(['doctor'], { range: true }).stdout, /^ok +subordinate ids +a range for nobody$/m)
  })

  describe('where something lacks', () => {
    let other: Rootless
    before(async () => {
      const hide =
        'mkdir -p $1/u $1/w && mount -t overlay -o lowerdir=/usr/bin,upperdir=$1/u,workdir=$1/w overlay /usr/bin'
      other = new Rootless({ setUp: 'ip route del default' })
      other.onMachine(`set -- ${other.folder}; ${hide} && rm -f /usr/bin/pasta`)
      const layout = join(other.folder, 'layout')
      await addImage(layout, IMAGE, {})
      other.quietly(['load', '--quiet', '--input', layout])
    })
    after(() => other.remove())

    test('no way out of the host: a network all the same', () => {
      assert.match(tinyctr.says([], 'ip -o address show eth0'), /10\.0\.2\.100/)
      tinyctr.onMachine('ip route del default')
      assert.match(tinyctr.says([], 'ip -o address show eth0'), /10\.0\.2\.100/)
      tinyctr.onMachine(`ip route add default via ${OUTSIDE}`)
    })

    test('no pasta: slirp4netns; nor that: one line says what to install; nor a tap device', () => {
      assert.match(other.says([], 'ip -o address show eth0'), /10\.0\.2\.100/)
      other.onMachine('rm -f /usr/bin/slirp4netns')
      const look = ['run', '--rm', IMAGE, 'ls', '/sys/class/net']
      const { status, stdout, stderr } = other.as(look)
      assert.deepEqual({ status, stdout }, { status: 0, stdout: 'lo\n' })
      assert.match(stderr, /^tinyctr: warning: [^\n]*apt-get install passt[^\n]*\n$/)
      assert.match(
        other.as(['doctor']).stdout,
        /^limited +networks +only a loopback: .*\n +cure: apt-get install passt$/m,
      )
      assert.equal(other.as(look).stderr, stderr)
      const asked = other.as(['run', '--rm', '--network', 'pasta', IMAGE, 'true'])
      assert.equal(asked.status, 125)
      assert.match(asked.stderr, /pasta is not installed: apt-get install passt/)
      other.onMachine('cp /bin/true /usr/bin/pasta; chmod 600 /dev/net/tun')
      assert.match(
        other.as(look).stderr,
        /^tinyctr: warning: [^\n]*\/dev\/net\/tun is not ours to open[^\n]*chmod 666[^\n]*\n$/,
      )
      assert.match(
        other.as(['doctor']).stdout,
        /^limited +networks +.* not ours to open\n +cure: chmod 666 \/dev\/net\/tun, as root$/m,
      )
      assert.equal(other.says(['--network', 'none'], 'ls /sys/class/net'), 'lo')
    })
  })
})
