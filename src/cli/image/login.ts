/** `tinyctr login`: Docker's flags and words; the login is tried out before it is kept. */
import { text } from 'node:stream/consumers'
import { UsageError } from '../../errors.ts'
import { readCredentials, saveCredentials } from '../../image/registry/credentials.ts'
import { checkLogin, registryDomain } from '../../image/registry/login.ts'
import { defineCommand } from '../command.ts'
import { interruptible } from '../screen/interruptible.ts'
import { print, printError } from '../screen/output.ts'
import { ask } from '../screen/prompt.ts'

interface Given {
  username?: string
  password?: string
  'password-stdin'?: boolean
}

async function passwordOf({
  username,
  password,
  'password-stdin': stdin = false,
}: Given): Promise<string | undefined> {
  if (stdin) {
    if (password !== undefined) throw new UsageError('--password and --password-stdin are mutually exclusive')
    if (!username) throw new UsageError('Must provide --username with --password-stdin')
    return (await text(process.stdin)).replace(/\r?\n$/, '')
  }
  if (password !== undefined)
    printError('WARNING! Using --password via the CLI is insecure. Use --password-stdin.')
  return password
}

export const login = defineCommand({
  usage: '[OPTIONS] [SERVER]',
  summary: 'Log in to a registry',
  examples: [
    'tinyctr login -u alice registry.example',
    'pass show ghcr | tinyctr login -u alice --password-stdin ghcr.io',
  ],
  flags: {
    password: { takes: 'one', value: 'TEXT', short: 'p', help: 'Password or personal access token' },
    'password-stdin': { takes: 'nothing', help: 'Take the password from stdin' },
    username: { takes: 'one', value: 'NAME', short: 'u', help: 'User name' },
  },
  least: 0,
  most: 1,
  async execute({ flags, positionals: [server = ''] }) {
    const domain = registryDomain(server)
    const given = await passwordOf(flags)
    const isMissing = !flags.username || given === undefined
    if (isMissing && !process.stdin.isTTY) {
      throw new Error('Cannot perform an interactive login from a non TTY device')
    }
    const known = isMissing && !flags.username ? (await readCredentials(domain))?.username : undefined
    const username = flags.username || (await ask(`Username${known ? ` (${known})` : ''}: `)) || known || ''
    const password = given ?? (await ask('Password: ', { secret: true }))
    if (username === '' || password === '')
      throw new Error('Cannot log in: username and password are both required')

    const credentials = { username, password }
    await interruptible((signal) => checkLogin(domain, credentials, { signal }))
    const { path, helper } = await saveCredentials(domain, credentials)
    if (helper === undefined) {
      printError(
        `\nWARNING! Your credentials are stored unencrypted in '${path}'.\n` +
          'Configure a credential helper to remove this warning. See\n' +
          'https://docs.docker.com/go/credential-store/\n',
      )
    }
    print('Login Succeeded')
    return 0
  },
})
