/** What `run`'s flags do to namespaces, capabilities and the system call filter, seen from inside. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { buildProbe } from './probe.ts'
import { IMAGE, skip, tinyctrForTests } from './tinyctr.ts'

const tinyctr = tinyctrForTests()
const ownNamespace = (type: string): string => readlinkSync(`/proc/self/ns/${type}`)

describe('namespaces', { skip }, () => {
  for (const [flag, type] of [
    ['network', 'net'],
    ['pid', 'pid'],
    ['ipc', 'ipc'],
    ['uts', 'uts'],
    ['cgroupns', 'cgroup'],
  ] as const) {
    test(`--${flag} host and ${flag === 'network' ? 'none' : 'private'}`, () => {
      const script = `readlink /proc/self/ns/${type}`
      const own = flag === 'network' ? 'none' : 'private'
      assert.equal(tinyctr.inside([`--${flag}`, 'host'], script), ownNamespace(type))
      assert.notEqual(tinyctr.inside([`--${flag}`, own], script), ownNamespace(type))
      assert.notEqual(tinyctr.inside([], script), ownNamespace(type))
    })
  }

  test('--userns private: root inside is nobody outside', () => {
    const flags = ['--userns', 'private']
    const { status, stderr } = tinyctr.run(flags, ['true'])
    if (!/^root:/m.test(readFileSync('/etc/subuid', 'utf8'))) {
      assert.equal(status, 125)
      assert.match(stderr, /subuid/)
      return
    }
    assert.notEqual(tinyctr.inside(flags, 'readlink /proc/self/ns/user'), ownNamespace('user'))
  })

  test('--network none: a loopback that is up, and nothing else', () => {
    assert.equal(tinyctr.inside(['--network', 'none'], 'ls /sys/class/net'), 'lo')
    assert.equal(tinyctr.inside([], 'ping -c 1 -W 5 127.0.0.1 >/dev/null && echo up'), 'up')
  })

  test('--hostname and --domainname; without them, the container’s id', () => {
    const flags = ['--hostname', 'box', '--domainname', 'example.org']
    assert.equal(tinyctr.inside(flags, 'hostname; cat /proc/sys/kernel/domainname'), 'box\nexample.org')
    assert.match(tinyctr.inside([], 'hostname'), /^[0-9a-f]{12}$/)
  })

  test('--sysctl, in the container only', () => {
    const flags = ['--sysctl', 'net.ipv4.ip_forward=1', '--sysctl', 'kernel.msgmax=4321']
    const script = 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax'
    assert.equal(tinyctr.inside(flags, script), '1\n4321')
    assert.notEqual(readFileSync('/proc/sys/kernel/msgmax', 'utf8'), '4321\n')
    assert.equal(tinyctr.run(['--sysctl', 'kernel.panic=1'], ['true']).status, 125)
  })

  test('a session keyring of its own, though keys are in no namespace', () => {
    const probe = buildProbe(tinyctr.folder)
    const flags = ['-v', `${probe}:/probe`, '--security-opt', 'seccomp=unconfined']
    const keyring = () => tinyctr.run(flags, ['/probe', 'keyring']).stdout
    const [first, second, own] = [
      keyring(),
      keyring(),
      execFileSync(probe, ['keyring'], { encoding: 'utf8' }),
    ]
    for (const one of [first, second, own]) assert.match(one, /^\d+\n$/)
    assert.equal(new Set([first, second, own]).size, 3)
  })

  test('a private pid namespace: PID 1, and nobody else to see', () => {
    assert.equal(tinyctr.inside([], 'echo $$; ls /proc | grep -c "^[0-9]"'), '1\n3')
  })

  test('a cgroup of its own, seen as /', () => {
    assert.match(tinyctr.inside([], 'grep ^0:: /proc/self/cgroup'), /^0::\/$/)
    const shared = tinyctr.inside(['--cgroupns', 'host'], 'grep ^0:: /proc/self/cgroup')
    assert.match(shared, new RegExp(`^0::${tinyctr.cgroupParent}/[0-9a-f]{64}$`))
    const without = tinyctr.command([
      'run',
      '--rm',
      '--no-cgroup',
      IMAGE,
      'grep',
      '^0::',
      '/proc/self/cgroup',
    ])
    assert.equal(without.stdout, '0::/\n')
    assert.match(tinyctr.run(['--no-cgroup'], ['true']).stderr, /conflicting options/)
  })
})

const status = (field: string): string => `grep ^${field}: /proc/self/status | cut -f2`
const capability = (number: number): bigint => 1n << BigInt(number)
const CHOWN = capability(0)
const NET_ADMIN = capability(12)

describe('privileges', { skip }, () => {
  const effective = (...flags: string[]): bigint => BigInt(`0x${tinyctr.inside(flags, status('CapEff'))}`)

  test('--cap-add and --cap-drop, read from CapEff', () => {
    assert.equal(effective('--cap-add', 'NET_ADMIN') & NET_ADMIN, NET_ADMIN)
    assert.equal(effective() & NET_ADMIN, 0n)
    assert.equal(effective('--cap-drop', 'chown') & CHOWN, 0n)
    assert.equal(effective() & CHOWN, CHOWN)
    assert.equal(effective('--cap-drop', 'ALL'), 0n)
    assert.equal(effective('--cap-drop', 'ALL', '--cap-add', 'CAP_CHOWN'), CHOWN)
  })

  test('a dropped capability is gone from the bounding set and its call fails', () => {
    const bounding = BigInt(`0x${tinyctr.inside(['--cap-drop', 'CHOWN'], status('CapBnd'))}`)
    assert.equal(bounding & CHOWN, 0n)
    assert.match(tinyctr.run(['--cap-drop', 'CHOWN'], ['chown', '1', '/tmp']).stderr, /not permitted/)
  })

  test('a user that is not root has no capabilities', () => {
    assert.equal(effective('-u', '1000'), 0n)
  })

  test('seccomp: on by default; unconfined; a profile that denies one call', () => {
    assert.equal(tinyctr.inside([], status('Seccomp')), '2')
    assert.equal(tinyctr.inside(['--security-opt', 'seccomp=unconfined'], status('Seccomp')), '0')
    const profile = join(tinyctr.folder, 'profile.json')
    const rule = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 99 }
    writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] }))
    const denied = tinyctr.run(['--security-opt', `seccomp=${profile}`], ['mkdir', '/x'])
    assert.match(denied.stderr, /Cannot assign requested address/)
    assert.equal(tinyctr.inside(['--security-opt', `seccomp=${profile}`], status('Seccomp')), '2')
  })

  test('no-new-privileges: a setuid program gains nothing', () => {
    const probe = buildProbe(tinyctr.folder)
    const flags = ['-v', `${probe}:/probe`, '-u', '1000']
    assert.equal(tinyctr.run(flags, ['/probe', 'ids']).stdout, '1000 0\n')
    for (const option of ['no-new-privileges', 'no-new-privileges:true', 'no-new-privileges=true']) {
      const { stdout } = tinyctr.run(['--security-opt', option, ...flags], ['/probe', 'ids'])
      assert.equal(stdout, '1000 1000\n', option)
    }
  })

  test('masked and read-only paths; systempaths=unconfined opens them', () => {
    const script = 'head -c 1 /proc/kcore 2>/dev/null | wc -c; (echo >/proc/sys/kernel/domainname) 2>&1'
    assert.match(
      tinyctr.run([], ['/bin/sh', '-c', script]).stdout,
      /^0\n.*Read-only file system|^0\n.*can't create/,
    )
    const mounts = 'grep -c " /proc/" /proc/self/mountinfo'
    assert.notEqual(tinyctr.inside([], mounts), '0')
    assert.equal(
      tinyctr.run(['--security-opt', 'systempaths=unconfined'], ['/bin/sh', '-c', mounts]).stdout,
      '0\n',
    )
  })

  test('--privileged: all capabilities, no filter, nothing masked, /sys writable', () => {
    const flags = ['--privileged']
    const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'))
    const own = BigInt(`0x${/^CapBnd:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]}`)
    assert.equal(effective(...flags), own & (capability(last + 1) - 1n))
    assert.equal(tinyctr.inside(flags, status('Seccomp')), '0')
    assert.doesNotMatch(tinyctr.inside(flags, 'mount | grep " /sys "'), /\bro\b/)
  })
})
