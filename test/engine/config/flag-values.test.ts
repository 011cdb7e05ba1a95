/** The values of flags that need no table of their own: devices, capabilities, security options, names, limits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCapability } from '../../../src/engine/config/capabilities-flag.ts'
import { parseBytesRate, parseDevice, parseOperationsRate } from '../../../src/engine/config/device-flag.ts'
import { parseBlkioWeight, parseCpus, parseCpuset } from '../../../src/engine/config/resources.ts'
import { parseSecurityOption } from '../../../src/engine/config/security-option.ts'
import { parseSysctl } from '../../../src/engine/config/sysctl-flag.ts'
import {
  isAddress,
  parseAddHost,
  parseContainerName,
  parseHostname,
  parseSearchDomain,
} from '../../../src/engine/network/network-name.ts'

const accepted: [parse: (text: string) => unknown, text: string, value: unknown][] = [
  [parseDevice, '/dev/fuse', { host: '/dev/fuse', container: '/dev/fuse', access: 'rwm' }],
  [parseDevice, '/dev/fuse:rw', { host: '/dev/fuse', container: '/dev/fuse', access: 'rw' }],
  [parseDevice, '/dev/fuse:/dev/f', { host: '/dev/fuse', container: '/dev/f', access: 'rwm' }],
  [parseDevice, '/dev/fuse:/dev/f:mr', { host: '/dev/fuse', container: '/dev/f', access: 'mr' }],
  [parseDevice, '/dev/a:/etc/../dev/f', { host: '/dev/a', container: '/dev/f', access: 'rwm' }],
  [parseBytesRate, '/dev/sda:1mb', { path: '/dev/sda', rate: 1048576 }],
  [parseOperationsRate, '/dev/sda:100', { path: '/dev/sda', rate: 100 }],
  [parseCapability, 'net_admin', 'CAP_NET_ADMIN'],
  [parseCapability, 'CAP_NET_ADMIN', 'CAP_NET_ADMIN'],
  [parseCapability, 'all', 'ALL'],
  [parseCapability, 'CAP_ALL', 'ALL'],
  [parseCpus, '1.5', 1.5e9],
  [parseCpus, '.000000001', 1],
  [parseCpus, '2', 2e9],
  [parseCpus, '1.5000000000', 1.5e9],
  [parseCpuset, '0-3,5', '0-3,5'],
  [parseBlkioWeight, '0', 0],
  [parseBlkioWeight, '1000', 1000],
  [parseSysctl, 'net.ipv4.ip_forward=1', ['net.ipv4.ip_forward', '1']],
  [parseSysctl, 'net/ipv4/ip_forward=1', ['net.ipv4.ip_forward', '1']],
  [parseSysctl, 'kernel.shmmax=1=2', ['kernel.shmmax', '1=2']],
  [parseSysctl, 'fs.mqueue.msg_max=1', ['fs.mqueue.msg_max', '1']],
  [parseSecurityOption, 'seccomp=/p.json', { name: 'seccomp', value: { path: '/p.json' } }],
  [parseSecurityOption, 'seccomp:unconfined', { name: 'seccomp', value: 'unconfined' }],
  [parseAddHost, 'a:1.2.3.4', ['a', '1.2.3.4']],
  [parseAddHost, 'a=1.2.3.4', ['a', '1.2.3.4']],
  [parseAddHost, 'a:::1', ['a', '::1']],
  [parseAddHost, 'a:[2001:db8::1]', ['a', '2001:db8::1']],
  [parseContainerName, '/web-1', 'web-1'],
  [parseHostname, 'a.b-c', 'a.b-c'],
  [parseSearchDomain, '.', '.'],
]
for (const [parse, text, value] of accepted) {
  test(`${parse.name} ${text}`, () => assert.deepEqual(parse(text), value))
}

const refused: [parse: (text: string) => unknown, text: string, message: string | RegExp][] = [
  [parseDevice, 'fuse', 'bad format for path: fuse'],
  [parseDevice, '/dev/fuse:/dev/f:x', 'bad mode specified: x'],
  [parseDevice, '/dev/fuse:/dev/f:rr', 'bad mode specified: rr'],
  [parseDevice, '/dev/fuse:', 'invalid device specification: /dev/fuse:'],
  [parseDevice, '/a:/b:r:w', 'invalid device specification: /a:/b:r:w'],
  [parseDevice, '/dev/fuse:f', 'f is not an absolute path'],
  [parseDevice, 'vendor.com/gpu=all', /CDI devices are not in this version/],
  [parseBytesRate, '/dev/sda', 'bad format: /dev/sda'],
  [parseBytesRate, '/x:1', 'bad format for device path: /x:1'],
  [parseBytesRate, '/dev/sda:x', /^invalid rate for device: \/dev\/sda:x\. The correct format is/],
  [parseOperationsRate, '/dev/sda:1k', /^invalid rate for device: \/dev\/sda:1k\. The correct format is/],
  [parseCapability, 'CAP_NOPE', 'invalid capability: "CAP_NOPE"'],
  [parseCapability, '', 'invalid capability: ""'],
  [parseCpus, 'x', 'failed to parse x as a rational number'],
  [parseCpus, '-1', 'failed to parse -1 as a rational number'],
  [parseCpus, '', 'failed to parse  as a rational number'],
  [parseCpus, '.0000000001', 'value is too precise'],
  [parseCpuset, '0-', 'Invalid value 0- for cpuset'],
  [parseBlkioWeight, '9', 'Range of blkio weight is from 10 to 1000'],
  [parseBlkioWeight, '1001', 'Range of blkio weight is from 10 to 1000'],
  [parseSysctl, 'kernel.core_pattern=|/x', "sysctl 'kernel.core_pattern=|/x' is not allowed"],
  [parseSysctl, 'net.ipv4.ip_forward', "sysctl 'net.ipv4.ip_forward' is not allowed"],
  [parseSysctl, 'net../../kernel/core_pattern=x', /is not allowed$/],
  [parseSysctl, 'net.=1', /is not allowed$/],
  [parseSecurityOption, 'seccomp', 'Invalid --security-opt: "seccomp"'],
  [parseSecurityOption, 'foo=bar', 'invalid --security-opt 2: "foo=bar"'],
  [parseSecurityOption, 'no-new-privileges=maybe', /invalid syntax$/],
  [parseAddHost, 'a', 'bad format for add-host: "a"'],
  [parseAddHost, 'a\nb:1.2.3.4', /^bad format for add-host/],
  [parseAddHost, 'a:1.2.3', 'invalid IP address in add-host: "1.2.3"'],
  [parseAddHost, 'a:1.2.3.4\n', /^invalid IP address/],
  [parseContainerName, 'a', /^Invalid container name \(a\)/],
  [parseContainerName, '../x', /^Invalid container name/],
  [parseContainerName, 'ab/c', /^Invalid container name/],
  [parseHostname, 'a b', /^invalid hostname/],
  [parseHostname, 'a\n', /^invalid hostname/],
  [parseHostname, 'x'.repeat(65), /^invalid hostname/],
  [parseSearchDomain, 'a b', 'a b is not a valid domain'],
]
for (const [parse, text, message] of refused) {
  test(`${parse.name} refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parse(text), { name: 'UsageError', message })
  })
}

test('addresses', () => {
  for (const address of [
    '0.0.0.0',
    '255.255.255.255',
    '::',
    '::1',
    '1::',
    'fe80::1%eth0',
    '::ffff:1.2.3.4',
    '1:2:3:4:5:6:7:8',
  ]) {
    assert.ok(isAddress(address), address)
  }
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    'g::',
    ':::',
    '12345::',
  ]) {
    assert.ok(!isAddress(text), text)
  }
})
