import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../src/errors.ts'
import type { Descriptor } from '../../src/image/content.ts'
import {
  choosePlatform,
  formatPlatform,
  hostPlatform,
  matchesPlatform,
  parsePlatform,
} from '../../src/image/platform.ts'

const parsed: [string, string][] = [
  ['linux/amd64', 'linux/amd64'],
  ['linux/x86_64', 'linux/amd64'],
  ['linux/amd64/v1', 'linux/amd64'],
  ['linux/amd64/v3', 'linux/amd64/v3'],
  ['linux/arm64', 'linux/arm64'],
  ['linux/arm64/v8', 'linux/arm64'],
  ['linux/aarch64', 'linux/arm64'],
  ['linux/arm64/8', 'linux/arm64'],
  ['linux/arm', 'linux/arm/v7'],
  ['linux/arm/6', 'linux/arm/v6'],
  ['linux/armhf', 'linux/arm/v7'],
  ['linux/armel', 'linux/arm/v6'],
  ['Linux/AMD64', 'linux/amd64'],
  ['arm64', 'linux/arm64'],
  ['i386', 'linux/386'],
  ['windows/amd64', 'windows/amd64'],
]

for (const [text, platform] of parsed) {
  test(`--platform ${text} is ${platform}`, () => assert.equal(formatPlatform(parsePlatform(text)), platform))
}

for (const text of ['', '/', 'linux/', 'linux/arm/v7/x', 'linux/a b', '*/amd64']) {
  test(`--platform "${text}" is refused`, () => assert.throws(() => parsePlatform(text), UsageError))
}

test('the host is a Linux platform', () => {
  assert.equal(hostPlatform().os, 'linux')
  assert.deepEqual(parsePlatform('linux'), hostPlatform())
})

const index = (...platforms: string[]): Descriptor[] =>
  platforms.map((text, at) => {
    const [os = '', architecture = '', variant] = text.split('/')
    const platform = { os, architecture, ...(variant !== undefined && { variant }) }
    return { mediaType: 'm', digest: `sha256:${at}`, size: at, ...(text !== 'none' && { platform }) }
  })

/** wanted, what the index has, the position of the right one */
const choices: [string, string[], number][] = [
  ['linux/amd64', ['linux/arm64', 'linux/amd64'], 1],
  ['linux/amd64', ['linux/386', 'linux/amd64'], 1],
  ['linux/amd64', ['linux/arm64', 'linux/386'], 1],
  ['linux/amd64', ['linux/amd64', 'linux/amd64/v3'], 0],
  ['linux/amd64/v4', ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v3'], 2],
  ['linux/arm64', ['linux/amd64', 'linux/arm64/v8'], 1],
  ['linux/arm64/v8', ['linux/amd64', 'linux/arm64'], 1],
  ['linux/arm64/v9.2', ['linux/arm64', 'linux/arm64/v8.7', 'linux/arm64/v8.8'], 1],
  ['linux/arm64', ['linux/arm/v5', 'linux/arm/v7', 'linux/arm/v6'], 1],
  ['linux/arm/v7', ['linux/arm/v5', 'linux/arm/v6', 'linux/arm64'], 1],
  ['linux/arm/v6', ['linux/arm/v7', 'linux/arm/v6'], 1],
  ['linux/amd64', ['unknown/unknown', 'linux/amd64', 'linux/amd64'], 1],
  ['linux/amd64', ['none'], 0],
]

for (const [wanted, has, at] of choices) {
  test(`${wanted} out of ${has.join(', ')} is number ${at}`, () => {
    assert.equal(choosePlatform(index(...has), parsePlatform(wanted), 'x').size, at)
  })
}

test('an index without the platform says what it has', () => {
  const has = index('linux/arm64/v8', 'windows/amd64', 'unknown/unknown', 'linux/arm/v7')
  assert.throws(() => choosePlatform(has, parsePlatform('linux/s390x'), 'alpine'), {
    message:
      'Cannot pull alpine: no matching manifest for linux/s390x in the manifest list entries; it exists only for linux/arm64/v8, windows/amd64, linux/arm/v7',
  })
  assert.throws(() => choosePlatform(index('linux/arm/v7'), parsePlatform('linux/arm/v6'), 'x'), /only for/)
  assert.throws(() => choosePlatform(index('unknown/unknown'), hostPlatform(), 'x'), /nothing that can run/)
})

test('an older image matches a newer machine, not the reverse', () => {
  assert.ok(matchesPlatform(parsePlatform('386'), parsePlatform('amd64')))
  assert.ok(!matchesPlatform(parsePlatform('amd64'), parsePlatform('386')))
  assert.ok(!matchesPlatform(parsePlatform('arm64'), parsePlatform('amd64')))
})
