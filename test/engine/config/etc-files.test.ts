import assert from 'node:assert/strict'
import { test } from 'node:test'
import { etcHostname, etcHosts, etcResolvConf } from '../../../src/engine/config/etc-files.ts'

const local = `127.0.0.1	localhost
::1	localhost ip6-localhost ip6-loopback
fe00::	ip6-localnet
ff00::	ip6-mcastprefix
ff02::1	ip6-allnodes
ff02::2	ip6-allrouters
`

test('/etc/hosts as Docker writes it', () => {
  assert.equal(etcHosts({ hostname: 'web', extra: [] }), local)
  assert.equal(
    etcHosts({
      hostname: 'web',
      domainname: 'example.org',
      addresses: ['10.0.0.2'],
      extra: [['db', '10.0.0.3']],
    }),
    `${local}10.0.0.3\tdb\n10.0.0.2\tweb.example.org web\n`,
  )
  assert.equal(
    etcHosts({ hostname: 'web', extra: [['db', '::1']], hostText: '127.0.0.1 host' }),
    '127.0.0.1 host\n::1\tdb\n',
  )
})

const none = { servers: [], search: [], options: [] }
const hostText = `# resolved
nameserver 127.0.0.53
nameserver 9.9.9.9 ; quad
search a.example b.example
options edns0 trust-ad
`

test('/etc/resolv.conf: the host’s, without what its loopback serves', () => {
  assert.equal(
    etcResolvConf(hostText, none, true),
    'nameserver 9.9.9.9\nsearch a.example b.example\noptions edns0 trust-ad\n',
  )
  assert.match(etcResolvConf(hostText, none, false), /^nameserver 127\.0\.0\.53\nnameserver 9\.9\.9\.9\n/)
  assert.equal(etcResolvConf('', none, true), '')
})

test('/etc/resolv.conf: each flag replaces its kind of line', () => {
  assert.equal(
    etcResolvConf(hostText, { servers: ['1.1.1.1'], search: ['.'], options: ['ndots:5'] }, true),
    'nameserver 1.1.1.1\noptions ndots:5\n',
  )
})

test('/etc/hostname', () => assert.equal(etcHostname('web'), 'web\n'))
