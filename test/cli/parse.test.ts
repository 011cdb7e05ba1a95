import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseArguments } from '../../src/cli/parse.ts'
import { parseSize } from '../../src/engine/config/size.ts'

const table = {
  rm: { takes: 'nothing', help: '' },
  interactive: { takes: 'nothing', short: 'i', help: '' },
  tty: { takes: 'nothing', short: 't', help: '' },
  name: { takes: 'one', short: 'n', value: 'NAME', help: '' },
  env: { takes: 'many', short: 'e', value: 'NAME', help: '' },
  memory: { takes: 'one', short: 'm', value: 'SIZE', parse: parseSize, help: '' },
  pull: { takes: 'one', value: 'WHEN', choices: ['always', 'never'], help: '' },
  network: { takes: 'one', value: 'MODE', help: '' },
  net: { takes: 'as', of: 'network' },
} as const

const parse = (line: string) =>
  parseArguments(table, line === '' ? [] : line.split(' '), { flagsFirst: true, later: ['publish', 'p'] })

const accepted: [line: string, flags: object, positionals?: string[]][] = [
  ['', {}],
  ['--rm', { rm: true }],
  ['--rm=false', { rm: false }],
  ['--rm=0', { rm: false }],
  ['--rm=TRUE', { rm: true }],
  ['--rm --rm=f', { rm: false }],
  ['-it', { interactive: true, tty: true }],
  ['-i=false -t', { interactive: false, tty: true }],
  ['--name x', { name: 'x' }],
  ['--name=x', { name: 'x' }],
  ['--name=', { name: '' }],
  ['--name a --name b', { name: 'b' }],
  ['--name --rm', { name: '--rm' }],
  ['--name --', { name: '--' }],
  ['-n x', { name: 'x' }],
  ['-nx', { name: 'x' }],
  ['-n=x', { name: 'x' }],
  ['-n=', { name: '=' }],
  ['-itn x', { interactive: true, tty: true, name: 'x' }],
  ['-itnx', { interactive: true, tty: true, name: 'x' }],
  ['-e A=b -eC=d --env=E=f --env G', { env: ['A=b', 'C=d', 'E=f', 'G'] }],
  ['-m 1.5k', { memory: 1536 }],
  ['--pull never', { pull: 'never' }],
  ['--net host', { network: 'host' }],
  ['alpine', {}, ['alpine']],
  ['--rm alpine --name x -it', { rm: true }, ['alpine', '--name', 'x', '-it']],
  ['--rm -- --name x', { rm: true }, ['--name', 'x']],
  ['alpine -- x', {}, ['alpine', '--', 'x']],
  ['- -i', {}, ['-', '-i']],
]
for (const [line, flags, positionals = []] of accepted) {
  test(`accepts: ${line}`, () => assert.deepEqual(parse(line), { flags, positionals, help: false }))
}

const refused: [line: string, message: string][] = [
  ['--foo', 'unknown flag: --foo'],
  ['--nmae x', 'unknown flag: --nmae\nDid you mean --name?'],
  ['--constructor', 'unknown flag: --constructor'],
  ['--__proto__=1', 'unknown flag: --__proto__'],
  ['--foo=bar', 'unknown flag: --foo'],
  ['-x', "unknown shorthand flag: 'x' in -x"],
  ['-itx', "unknown shorthand flag: 'x' in -itx"],
  ['--name', 'flag needs an argument: --name'],
  ['-n', "flag needs an argument: 'n' in -n"],
  ['-itn', "flag needs an argument: 'n' in -itn"],
  ['---name', 'bad flag syntax: ---name'],
  ['--=x', 'bad flag syntax: --=x'],
  [
    '--rm=maybe',
    'invalid argument "maybe" for "--rm" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
  ],
  ['-m foo', 'invalid argument "foo" for "-m, --memory" flag: invalid size: \'foo\''],
  ['--pull often', 'invalid argument "often" for "--pull" flag: must be one of "always", "never"'],
  ['--publish 80', '--publish is not in this version of tinyctr: it comes in a later one'],
  ['-p 80', '-p is not in this version of tinyctr: it comes in a later one'],
]
for (const [line, message] of refused) {
  test(`refuses: ${line}`, () => assert.throws(() => parse(line), { name: 'UsageError', message }))
}

test('without flagsFirst, flags may stand anywhere', () => {
  assert.deepEqual(parseArguments(table, ['a', '--rm', 'b', '-i', '--', '-t']), {
    flags: { rm: true, interactive: true },
    positionals: ['a', 'b', '-t'],
    help: false,
  })
})

test('--help is known everywhere, -h where nothing else has the letter', () => {
  assert.equal(parse('--help').help, true)
  assert.equal(parse('-h').help, true)
  assert.equal(parse('-ih').help, true)
  const hostname = { hostname: { takes: 'one', short: 'h', value: 'NAME', help: '' } } as const
  assert.deepEqual(parseArguments(hostname, ['-h', 'x']).flags, { hostname: 'x' })
})
